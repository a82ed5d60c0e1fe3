import { describeBackendContract } from './backend-contract.js';
import { lmdbTested } from './lmdb/lmdb-tested.js';
import { memoryTested } from './memory-tested.js';
import { simulatedTested } from './simulated-tested.js';

describeBackendContract('in memory', memoryTested);
describeBackendContract('in LMDB', lmdbTested);
describeBackendContract('on a simulated disk', simulatedTested);
