import { KafkaRxError } from '../../lib/errors/errors.js';
import { isStateHandle, type State, type StateHandle } from '../../lib/state/state.js';

/** The handle behind what a user gives, whichever copy of the library made it. @throws `CONFIGURATION` for anything that no app has made */
export function handleOf<K, V>(operator: string, state: State<K, V>): StateHandle<K, V> {
  // What has it of one type is of that type.
  if (isStateHandle(state)) return state as StateHandle<K, V>;
  throw new KafkaRxError('CONFIGURATION', `${operator}: the state must be one that app.state has made`, {
    remedy: "Give it app.state('name', { key, value })",
  });
}
