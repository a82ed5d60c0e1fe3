import { redactingLogger } from '../../lib/logging/redacting-logger.js';

test('a logger that throws stops nothing', () => {
  const throwing = (): never => {
    throw new Error('the disk is full');
  };
  const logger = redactingLogger({ debug: throwing, info: throwing, warn: throwing, error: throwing });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    expect(() => logger[level]({ topic: 'in' }, 'told')).not.toThrow();
  }
});

test('what passes has no card number, in the message or in a field', () => {
  const lines: unknown[] = [];
  const note = (fields: object, message: string): void => void lines.push([fields, message]);
  const logger = redactingLogger({ debug: note, info: note, warn: note, error: note });
  logger.warn({ reason: 'card 4111111111111111', offset: 7 }, 'of 4111111111111111');
  expect(JSON.stringify(lines)).not.toContain('4111111111111111');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toEqual([expect.objectContaining({ offset: 7 }), expect.stringContaining('of ')]);
});
