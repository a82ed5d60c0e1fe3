/** @packageDocumentation The pipeable operators: `kafka-rx/operators`. */
export { type BatchOptions, batch } from './batch.js';
export { type Branches, branch } from './branch.js';
export { commitTo } from './commitTo.js';
export { filterValue } from './filterValue.js';
export { type FlatMapValueOptions, flatMapValue } from './flatMapValue.js';
export { type MapAsyncOptions, mapAsync } from './mapAsync.js';
export { mapKey } from './mapKey.js';
export { mapRecord } from './mapRecord.js';
export { mapValue } from './mapValue.js';
export { type MaskedBy, type MaskOptions, mask, type NoMaskOptions } from './mask.js';
export { mergeNamed } from './mergeNamed.js';
export { peek } from './peek.js';
export { project } from './project.js';
export { share } from './share.js';
export { through } from './through.js';
export { type TokenizeOptions, tokenize } from './tokenize.js';
