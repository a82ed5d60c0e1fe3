import { string } from 'kafka-rx';
import { Members } from '../members.js';

test.each(['assigned', 'running'])(
  'a source that nobody hears any more since the app was %s is told',
  async when => {
    const members = new Members({ in: 1 });
    const member = members.start(app => {
      const view = app.topic('in', { value: string });
      const heard = view.subscribe(app.each(() => {}, { mayEnd: true }));
      app.topic('in', { value: string }).subscribe(app.each(() => {}));
      app.events$.subscribe(event => {
        if (event.type === when || (event.type === 'state' && event.state === when)) heard.unsubscribe();
      });
    });
    members.publish('in', 'a');
    await members.settle();
    const { ready, reasons } = member.app.health();
    expect([ready, reasons]).toEqual([
      false,
      [expect.stringContaining("nobody is subscribed to the source 'in' any more")],
    ]);
  },
);
