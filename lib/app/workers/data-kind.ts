import { kind } from '../../base/option-kinds.js';
import { type Fault, isPlainObject, type Kind, shown } from '../../base/option-schema.js';

const wants = 'plain data, which can be cloned for another thread';

/** What `structuredClone` takes: each thread gets a copy. */
export const dataKind: Kind = kind(wants, data => {
  const why = whyNotCloned(() => data);
  if (why === undefined) return undefined;
  if (!isPlainObject(data)) return notCloned('', shown(data), why.thrown);
  for (const name of Object.keys(data)) {
    const inside = whyNotCloned(() => data[name]);
    if (inside !== undefined) return notCloned(name, inside.shown, inside.thrown);
  }
  return notCloned('', shown(data), why.thrown);
});

function notCloned(path: string, is: string, cause: unknown): Fault {
  const remedy =
    'Hand over numbers, text, dates, bytes, and lists, Maps and objects of these; make functions and clients in the entry file';
  return { path, what: `must be ${wants}`, is: { shown: is, type: is }, remedy, cause };
}

/** Its cause would quote what it was given: a function is quoted with its source. */
function whyNotCloned(read: () => unknown): { readonly shown: string; readonly thrown: unknown } | undefined {
  let what = 'something that throws when it is read';
  try {
    const data = read();
    // A number or text is cloned whatever it is: none of those is ever shown.
    what = shown(data);
    structuredClone(data);
    return undefined;
  } catch (thrown) {
    return { shown: what, thrown };
  }
}
