import { describeBackendContract } from './backend-contract.js';
import { lmdbTested } from './lmdb/lmdb-tested.js';
import { memoryTested } from './memory-tested.js';

describeBackendContract('in memory', memoryTested);
describeBackendContract('in LMDB', lmdbTested);
