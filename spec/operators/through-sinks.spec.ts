/** What goes on behind `through` is committed: only a sink of the app says when it is done with a record. */
import { type App, type AppSink, createApp, type KafkaRecord, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { through } from 'kafka-rx/operators';
import { Subject, Subscriber } from 'rxjs';
import { Members } from '../app/members.js';

const value = string;
type Sink = AppSink<KafkaRecord<Buffer | null, string>>;

/** Written without types, as JavaScript is. */
const foreign: readonly (readonly [string, (app: App) => object])[] = [
  ['an Observer whose work takes time', () => ({ next: async () => {}, error() {}, complete() {} })],
  ['a Subject', () => new Subject()],
  ['a Subscriber', () => new Subscriber()],
  ['app.watch', app => app.watch(() => {})],
  ['a stream', app => app.topic('in', { value })],
  [
    'a copy of a sink with a next of its own',
    app => ({ ...app.each(() => {}), next() {}, error() {}, complete() {} }),
  ],
  [
    'what inherits from a sink',
    app => Object.assign(Object.create(app.each(() => {})), { next: async () => {} }),
  ],
];

test.each(foreign)('through refuses %s where it is wired', (_what, make) => {
  const app = createApp({ groupId: 'g', driver: memory() });
  expect(() => app.topic('in', { value }).pipe(through(make(app) as Sink))).toThrow(
    expect.objectContaining({
      code: 'CONFIGURATION',
      message: expect.stringContaining('the sink'),
      remedy: expect.stringMatching(/app\.to.*app\.store.*app\.each.*mapAsync/),
    }),
  );
});

test('the end of a path is no copy of a sink: nobody hears of what its own next does', () => {
  const members = new Members({ in: 1 });
  const member = members.start(app =>
    app
      .topic('in', { value })
      .subscribe({ ...app.each(() => {}), next: async () => {}, error() {}, complete() {} }),
  );
  return members.settle().then(() => expect(member.outcome).toMatchObject({ code: 'PATH_WITHOUT_SINK' }));
});

test('what is no sink of an app does not compile', () => {
  const app: App = createApp({ groupId: 'types', driver: memory() });
  const wired = () => [
    // @ts-expect-error an Observer
    app.topic('in', { value }).pipe(through({ next: async () => {}, error() {}, complete() {} })),
    // @ts-expect-error a Subject
    app.topic('in', { value }).pipe(through(new Subject())),
    // @ts-expect-error it waits for nothing
    app.topic('in', { value }).pipe(through(app.watch(() => {}))),
  ];
  expect(wired).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }));
});
