// The demo runs as TypeScript, and threads of Node 20 take no loader from their process: this one is told to.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
