// What it does the app does too, so its code is in lib/flow/commit; this is where users look for it.
export { commitTo } from '../lib/flow/commit/commit-to.js';
