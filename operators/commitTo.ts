// The app itself ends in this operator, so its code is in lib/commit; this is where users look for it.
export { commitTo } from '../lib/commit/commit-to.js';
