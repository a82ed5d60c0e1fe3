import { type Arguments, parseArguments } from '../../../demos/dead-letters/arguments.js';
import { UsageError } from '../../../demos/purchases/usage-error.js';

function parse(line: string): Arguments {
  return parseArguments(line === '' ? [] : line.split(' '));
}

const brokers = ['kafka-1:9092'];
const topic = 'transactions.dead-letters';

describe('the command line of dead-letters', () => {
  it('takes all that was promised', () => {
    expect(parse('list --brokers kafka-1:9092')).toMatchObject({
      command: 'list',
      ...{ brokers, topic, json: false },
    });
    expect(parse('show 1:23 --brokers kafka-1:9092 --topic dead --key-env KEY --json')).toEqual({
      command: 'show',
      ...{ brokers, topic: 'dead', json: true, letter: { partition: 1, offset: 23 }, keyEnv: 'KEY' },
    });
    expect(parse('replay 1:23 0:0 --brokers kafka-1:9092 --to topology --app other --dry-run')).toMatchObject(
      {
        command: 'replay',
        ...{ brokers, topic, to: 'topology', app: 'other', node: undefined, dryRun: true },
        letters: [
          { partition: 1, offset: 23 },
          { partition: 0, offset: 0 },
        ],
      },
    );
    expect(parse('replay --all --brokers kafka-1:9092')).toMatchObject({
      ...{ letters: undefined, to: 'branch', app: undefined, node: undefined, dryRun: false },
    });
  });

  it.each(['--help', 'replay -h', 'list --help'])('prints its help for %s', line => {
    const request = parse(line);
    expect(request).toMatchObject({
      command: 'help',
      text: expect.stringMatching(/^Usage: [\s\S]*Exit codes.*\n$/),
    });
  });

  it.each([
    ['', 'dead-letters needs list, show or replay; --help tells more'],
    ['purge', 'What is "purge"? The subcommands are list, show and replay'],
    ['toString', 'What is "toString"? The subcommands are list, show and replay'],
    ['list', 'list needs --brokers HOST:PORT'],
    ['list 0:1 --brokers a:1', 'list takes options only, not "0:1"'],
    ['list --brokers a:1 --all', '--all does not belong to list'],
    ['show --brokers a:1', 'show needs one dead letter, as PARTITION:OFFSET'],
    ['show 0:1 0:2 --brokers a:1', 'show needs one dead letter, as PARTITION:OFFSET'],
    ['show 0 --brokers a:1', '"0" is no dead letter; write PARTITION:OFFSET, as list shows it'],
    ['replay --brokers a:1', 'replay needs either --all or dead letters, as PARTITION:OFFSET'],
    ['replay 0:1 --all --brokers a:1', 'replay needs either --all or dead letters, as PARTITION:OFFSET'],
    ['replay 0:1 --stage decode --brokers a:1', '--reason and --stage choose among --all'],
    ['replay --all --to sink --brokers a:1', '--to must be branch or topology'],
    ['replay --all --brokers nowhere', expect.stringMatching(/^--brokers must be HOST:PORT/)],
    ['list --brokers a:1 --topic a/b', expect.stringMatching(/^--topic must be a topic's name/)],
    ['list --brokers a:1 --frob', 'There is no option --frob'],
  ])('refuses "%s" in one line', (line, message) => {
    let refusal: unknown;
    try {
      parse(line);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as UsageError).message).toEqual(message);
    expect((refusal as UsageError).message).not.toContain('\n');
  });
});
