import { numbersUnder } from '../../lib/state/numbers-under.js';
import { PlainNumbers } from './plain-tables.js';

test('numbers of a state are under its name, each time, and those of another are others', () => {
  const all = new PlainNumbers();
  const [clicks, logins] = [numbersUnder('clicks', all), numbersUnder('logins', all)];
  clicks.set('time', 1);
  logins.set('time', 2);
  clicks.set('closedTo', 3);
  clicks.set('time', 4);
  expect(all.contents()).toEqual({ 'clicks/time': 4, 'clicks/closedTo': 3, 'logins/time': 2 });
  expect([clicks.get('time'), logins.get('time'), logins.get('closedTo')]).toEqual([4, 2, undefined]);
});
