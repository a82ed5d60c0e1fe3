// Threads of Node 20 take no TypeScript loader from their process: this one is told to.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
