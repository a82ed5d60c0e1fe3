import { type App, type DocumentStore, memoryStore, string } from 'kafka-rx';
import { Members } from './members.js';

const never = new Promise<never>(() => {});

describe('what the app waits for without a bound is a reason in health()', () => {
  test('a codec that prepares a batch', async () => {
    const members = new Members({ in: 1 });
    const value = { ...string, prepare: () => never };
    const member = members.start(app => app.topic('in', { value }).subscribe(app.each(() => {})));
    await members.settle();
    members.publish('in', 'a');
    await members.pass(4000);
    expect(member.app.health()).toMatchObject({ ready: true, reasons: [] });
    await members.pass(3000);
    expect(member.app.health()).toMatchObject({
      ready: false,
      reasons: ["waits for a codec to prepare a batch of partition 0 of 'in' up to offset 1, for 7 s now"],
    });
  });

  test('a store that does not note its position, and so a commit; a stop does not wait for it', async () => {
    const members = new Members({ in: 1 });
    const inner = memoryStore<string>('documents');
    const { positions } = inner;
    const hanging = positions && { ...positions, advance: () => never };
    const store: DocumentStore<string> = { ...inner, positions: hanging };
    const member = members.start((app: App) => {
      app.topic('in', { value: string }).subscribe(app.store(store));
    });
    await members.settle();
    members.publish('in', 'a');
    await members.pass(8000);
    expect(member.app.health()).toMatchObject({
      ready: false,
      reasons: [
        "waits for the store 'documents' to note its positions, for 8 s now",
        "waits for a commit of partition 0 of 'in' up to offset 1 to be confirmed, for 8 s now",
      ],
    });
    void member.app.stop({ deadlineMs: 1000 });
    await members.pass(2000);
    expect(member.outcome).toBe('done');
  });
});
