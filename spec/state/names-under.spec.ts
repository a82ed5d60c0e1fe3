import { namesUnder } from '../../lib/state/names-under.js';

test('each name is under its own, the same each time, and those of another are others', () => {
  const [clicks, logins] = [namesUnder('clicks'), namesUnder('logins')];
  expect([clicks('time'), clicks('closedTo'), logins('time')]).toEqual([
    'clicks/time',
    'clicks/closedTo',
    'logins/time',
  ]);
  expect([clicks('time'), clicks('closedTo')]).toEqual(['clicks/time', 'clicks/closedTo']);
});
