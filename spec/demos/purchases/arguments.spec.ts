import { type Arguments, parseArguments } from '../../../demos/purchases/arguments.js';
import { defaultStoreFolder, type Surroundings } from '../../../demos/purchases/data-folder.js';
import { UsageError } from '../../../demos/purchases/usage-error.js';

const surroundings: Surroundings = { platform: 'linux', home: '/home/ada', env: {} };

function parse(...argv: readonly string[]): Arguments {
  return parseArguments(argv, surroundings);
}

function refusalOf(argv: readonly string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

const defaults = {
  command: 'run',
  brokers: undefined,
  group: 'purchases',
  input: undefined,
  idleExitMs: undefined,
  store: '/home/ada/.local/share/kafka-rx/purchases',
  onInvalid: 'fail',
  deadLetterTopic: 'transactions.dead-letters',
  deadLetterLimit: undefined,
  createTopics: false,
  json: false,
  metricsPort: undefined,
  workers: 1,
  guarantee: 'at-least-once',
};

describe('the command line', () => {
  it('has the promised defaults', () => {
    expect(parse()).toStrictEqual(defaults);
  });

  it('takes all that was promised', () => {
    const line =
      '--brokers kafka-1:9092,[::1]:9093 --group g --input in.jsonl --idle-exit 0.5 --store ./history --on-invalid ' +
      'dead-letter --dead-letter-topic dead --dead-letter-limit 2.5 --create-topics --json --metrics-port 9464 --workers 3 ' +
      '--guarantee exactly-once';
    expect(parse(...line.split(' '))).toStrictEqual({
      command: 'run',
      brokers: ['kafka-1:9092', '[::1]:9093'],
      group: 'g',
      input: 'in.jsonl',
      idleExitMs: 500,
      store: './history',
      onInvalid: 'dead-letter',
      deadLetterTopic: 'dead',
      deadLetterLimit: { share: 0.025 },
      createTopics: true,
      json: true,
      metricsPort: 9464,
      workers: 3,
      guarantee: 'exactly-once',
    });
  });

  it('takes values behind an equals sign, even those that begin with a dash', () => {
    expect(parse('--group=-x', '--idle-exit=30')).toStrictEqual({
      ...defaults,
      group: '-x',
      idleExitMs: 30_000,
    });
  });

  it('takes history, its options before or behind it', () => {
    const expected = {
      command: 'history',
      store: 'dir',
      customer: '00003',
      from: new Date('1997-05-31T00:00:00Z'),
      to: new Date('1998-01-01T10:30:00.5Z'),
    };
    const options = '--store dir --customer 00003 --from 1997-05-31 --to 1998-01-01T12:30:00.5+02:00'.split(
      ' ',
    );
    expect(parse('history', ...options)).toStrictEqual(expected);
    expect(parse(...options, 'history')).toStrictEqual(expected);
    expect(parse('history', '--store', 'd', '--customer', 'c')).toStrictEqual({
      command: 'history',
      store: 'd',
      customer: 'c',
      from: undefined,
      to: undefined,
    });
  });

  it('reads a time without a zone as UTC', () => {
    expect(parse('history', '--store', 'd', '--customer', 'c', '--to', '1997-05-31T18:30')).toMatchObject({
      to: new Date('1997-05-31T18:30:00Z'),
    });
  });

  it.each([
    ['earliest', 'earliest'],
    ['latest', 'latest'],
    ['866000000000', { timestamp: 866_000_000_000 }],
    ['1997-05-31', { timestamp: Date.UTC(1997, 4, 31) }],
    ['1997-05-31T18:30:00+02:00', { timestamp: Date.UTC(1997, 4, 31, 16, 30) }],
  ])('takes reset to %p', (to, expected) => {
    expect(parse('reset', '--to', to, '--brokers', 'k:9092')).toStrictEqual({
      command: 'reset',
      brokers: ['k:9092'],
      group: 'purchases',
      store: '/home/ada/.local/share/kafka-rx/purchases',
      to: expected,
      json: false,
    });
  });

  it.each(['1969-12-31T23:59:59.999Z', '1969-12-31', '1970-01-01T00:00:00+00:01'])(
    'refuses reset to %p, which Kafka would take for its end',
    to => {
      const message = refusalOf(['reset', '--to', to, '--brokers', 'k:9092']);
      expect(message).toBe('--to is before 1970, when there was no record: say earliest');
    },
  );

  it.each([['--help'], ['-h'], ['--json', '--help', 'history'], ['reset', '-h']])(
    'prints help for %p',
    (...argv) => {
      const help = parse(...argv);
      expect(help.command).toBe('help');
      expect(help).toHaveProperty('text', expect.stringMatching(/^Usage: npm run -s purchases -- .*\n$/s));
    },
  );

  it('names in its help every option, the default folder, and no line wider than 120', () => {
    const { text } = { text: '', ...parse('--help') };
    const { text: ofHistory } = { text: '', ...parse('history', '--help') };
    const promised =
      '--brokers --group --input --idle-exit --store --on-invalid --dead-letter-topic --dead-letter-limit --create-topics --json --metrics-port --workers --guarantee';
    for (const option of promised.split(' ')) expect(text).toContain(`  ${option}`);
    expect(text).toContain('(default: /home/ada/.local/share/kafka-rx/purchases;');
    expect(text).toContain('embedded: /home/ada/.local/share/kafka-rx/purchases-embedded,');
    for (const option of ['--store', '--customer', '--from', '--to'])
      expect(ofHistory).toContain(`  ${option}`);
    const { text: ofReset } = { text: '', ...parse('reset', '--help') };
    for (const option of ['--to', '--brokers', '--group', '--store', '--json'])
      expect(ofReset).toContain(`  ${option}`);
    expect(ofReset).toContain('/home/ada/.local/share/kafka-rx/purchases');
    expect(ofReset).toContain('milliseconds since 1970');
    for (const line of `${text}${ofHistory}${ofReset}`.split('\n'))
      expect(line.length).toBeLessThanOrEqual(120);
  });
});

describe('wrong usage is refused in one line that names it', () => {
  it.each([
    ['--frob', 'no option --frob'],
    ['--frob=1 --json', 'no option --frob'],
    ['-x', 'no option -x'],
    ['--no-json', 'no option --no-json'],
    ['--constructor', 'no option --constructor'],
    ['--__proto__ x', 'no option --__proto__'],
    ['replay', '"replay"'],
    ['--json now', '"now"'],
    ['-- --json', '"--json"'],
    ['--json=yes', '--json takes no value'],
    ['--group', '--group needs a value'],
    ['--group --json', '--group needs a value'],
    ['--group=', '--group needs a value'],
    ['--input', '--input needs a value'],
    ['--store', '--store needs a value'],
    ['--group a --group b', '--group is given twice'],
    ['--json --json', '--json is given twice'],
    ['--brokers localhost', 'HOST:PORT'],
    ['--brokers :9092', 'HOST:PORT'],
    ['--brokers localhost:0', 'HOST:PORT'],
    ['--brokers localhost:65536', 'HOST:PORT'],
    ['--brokers localhost:http', 'HOST:PORT'],
    ['--brokers a:9092,,b:9092', 'HOST:PORT'],
    ['--brokers a:9092,', 'HOST:PORT'],
    ['--brokers http://a:9092', 'HOST:PORT'],
    ['--brokers ::1:9092', 'HOST:PORT'],
    ['--idle-exit 0', '--idle-exit must be'],
    ['--idle-exit -5', '--idle-exit must be'],
    ['--idle-exit ten', '--idle-exit must be'],
    ['--idle-exit 5s', '--idle-exit must be'],
    ['--idle-exit 0x10', '--idle-exit must be'],
    ['--idle-exit NaN', '--idle-exit must be'],
    ['--idle-exit Infinity', '--idle-exit must be'],
    ['--idle-exit 2147484', '--idle-exit must be'],
    ['--idle-exit', '--idle-exit needs a value'],
    ['--on-invalid explode', 'fail, skip or dead-letter'],
    ['--on-invalid', '--on-invalid needs a value'],
    ['--guarantee twice', '--guarantee must be at-least-once or exactly-once'],
    ['--guarantee', '--guarantee needs a value'],
    ['history --store d --customer c --guarantee exactly-once', '--guarantee does not belong to history'],
    ['--dead-letter-limit 101', 'a percentage from 0 to 100, or none'],
    ['--dead-letter-limit ten', 'a percentage from 0 to 100, or none'],
    ['--dead-letter-topic no/slash', "topic's name"],
    ['--dead-letter-topic ..', "topic's name"],
    ['--dead-letter-topic transactions', 'must not be transactions'],
    ['--metrics-port 65536', '--metrics-port must be'],
    ['--metrics-port -1', '--metrics-port must be'],
    ['--metrics-port http', '--metrics-port must be'],
    ['--workers 0', '--workers must be a number from 1 to 256'],
    ['--workers two', '--workers must be'],
    ['--workers 2', '--workers needs --brokers'],
    ['--customer 00003', 'belongs to history'],
    ['--from 1997-01-01', 'belongs to history'],
    ['--to earliest', 'belongs to history and reset'],
    ['reset --brokers a:9092', 'reset needs --to'],
    ['reset --to earliest', 'reset needs --brokers HOST:PORT; an embedded broker'],
    ['reset --to', '--to needs a value'],
    ['reset --to yesterday --brokers a:9092', '--to must be earliest, latest, a date'],
    ['reset --to -1 --brokers a:9092', '--to must be earliest, latest, a date'],
    ['reset --to latest --brokers a', '--brokers must be HOST:PORT'],
    ['reset --to latest --brokers a:9092 now', '"now"'],
    ['reset --to latest --brokers a:9092 --input x', '--input does not belong to reset'],
    ['history', 'history needs --store DIR'],
    ['history', 'an embedded one /home/ada/.local/share/kafka-rx/purchases-embedded'],
    ['history --customer 00003', 'history needs --store DIR'],
    ['history --store d', 'history needs --customer ID'],
    ['history --store d --customer', '--customer needs a value'],
    ['history --store d --customer c 00003', '"00003"'],
    ['history --store d --customer c --json', '--json does not belong to history'],
    ['history --store d --customer c --brokers a:9092', '--brokers does not belong to history'],
    ['history --store d --customer c --from yesterday', '--from must be a date'],
    ['history --store d --customer c --from 1997', '--from must be a date'],
    ['history --store d --customer c --from 1997-02-30', '--from must be a date'],
    ['history --store d --customer c --from 1997-13-01', '--from must be a date'],
    ['history --store d --customer c --to 1997-01-01T24:00:00Z', '--to must be a date'],
    ['history --store d --customer c --to 1997-01-01T10:61:00Z', '--to must be a date'],
    ['history --store d --customer c --to 1997-01-01T10:00:00+25:00', '--to must be a date'],
    ['history --store d --customer c --from 1998-01-01 --to 1997-01-01', 'must not be later'],
  ])('%s', (line, message) => {
    const refusal = refusalOf(line.split(' '));
    expect(refusal).toContain(message);
    expect(refusal).not.toMatch(/\p{Cc}/u);
  });

  it('an empty or blank value', () => {
    expect(refusalOf(['--store', ''])).toBe('--store needs a value');
    expect(refusalOf(['--group', '  '])).toBe('--group needs a value');
    expect(refusalOf([''])).toContain('""');
  });

  it('control characters do not reach the terminal', () => {
    expect(refusalOf(['a\nb\u001b[2J'])).toContain('"a?b?[2J"');
    expect(refusalOf(['--a\nb'])).not.toContain('\n');
  });
});

describe('the folder of the history without --store', () => {
  it.each<[Surroundings, string]>([
    [{ platform: 'linux', home: '/home/ada', env: { XDG_DATA_HOME: '/data' } }, '/data/kafka-rx/purchases'],
    [
      { platform: 'linux', home: '/home/ada', env: { XDG_DATA_HOME: 'data' } },
      '/home/ada/.local/share/kafka-rx/purchases',
    ],
    [
      { platform: 'linux', home: '/home/ada', env: { XDG_DATA_HOME: '' } },
      '/home/ada/.local/share/kafka-rx/purchases',
    ],
    [
      { platform: 'darwin', home: '/Users/ada', env: {} },
      '/Users/ada/Library/Application Support/kafka-rx/purchases',
    ],
    [
      { platform: 'win32', home: 'C:\\Users\\ada', env: {} },
      'C:\\Users\\ada\\AppData\\Local\\kafka-rx\\purchases',
    ],
    [{ platform: 'win32', home: 'C:\\U', env: { LOCALAPPDATA: 'D:\\L' } }, 'D:\\L\\kafka-rx\\purchases'],
  ])('with %p is %s', (where, folder) => {
    expect(defaultStoreFolder(where)).toBe(folder);
  });
});
