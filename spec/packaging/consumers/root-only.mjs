/** What works where rxjs is installed and no other peer, and what cannot be imported at all. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const outcome = async load => {
  try {
    await load();
    return 'loaded';
  } catch (error) {
    return error.code;
  }
};
const result = {};
for (const name of process.argv.slice(2)) {
  result[name] = [await outcome(() => import(name)), await outcome(() => require(name))];
}
console.log(JSON.stringify(result));
