import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { call, list, required } from '../../base/option-kinds.js';
import { checkArgument } from '../../base/option-schema.js';
import { errorKind, isKafkaRxError } from '../../errors/errors.js';
import { hearOut } from '../../logging/hear-out.js';
import { type Logger, silentLogger } from '../../logging/logger.js';
import { redactingLogger } from '../../logging/redacting-logger.js';
import { loggerKind, signalKind } from '../options.js';
import { endWithHandlers } from './end-with-handlers.js';

/** Milliseconds within which further signals are taken for the first one over again. */
const onePressMs = 1000;

/**
 * Calls `stop` at the first of these signals. Another one, of any of them, that comes 1,000 ms after the first or later
 * ends the process at once, with the shell's exit code for it (128 and its number). One that comes sooner is the
 * first over again and does nothing: a terminal and `kill -- -<group>` signal npm and its child, and npm forwards to the child what it
 * got itself, so that the child is told twice within milliseconds.
 *
 * As `createApp({ signals })` and `runWorkers(…, { signals })` have it; for programs with work before or after their app.
 *
 * @param stop may be asynchronous. Where it throws or rejects, the process runs on with what it has begun: it is told as an error, and
 *   makes the exit code 1 where none is set
 * @param logger told of the end at once, as a warning, and of a `stop` that failed. Default: silent
 * @returns the way out, which puts the process's own handling back: at once, or where a signal has just come when its echo can no
 *   longer end a process that has only to say goodbye
 * @category Lifecycle @since 0.1.0
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  stop: (signal: NodeJS.Signals) => unknown,
  logger: Logger = silentLogger,
): () => void {
  checkArgument('onSignals', 'the signals', required(list(signalKind)), signals);
  checkArgument('onSignals', 'stop', required(call), stop);
  checkArgument('onSignals', 'the logger', required(loggerKind), logger);
  let heard: 'nothing' | 'first' | 'first long ago' = 'nothing';
  let left = false;
  let endAsUsual = (): void => {};

  const leave = (): void => {
    endAsUsual();
    for (const signal of signals) process.off(signal, handle);
  };
  const laterOn = (): void => {
    heard = 'first long ago';
    if (left) leave();
  };
  const handle = (signal: NodeJS.Signals): void => {
    if (heard === 'nothing') {
      heard = 'first';
      endAsUsual = endWithHandlers();
      afterOnePress(performance.now(), laterOn);
      hearOut(
        () => stop(signal),
        thrown => failedAt(signal, thrown, logger),
      );
    } else if (heard === 'first long ago') {
      endAtOnce(signal, logger);
    }
  };
  for (const signal of signals) process.on(signal, handle);
  return () => {
    left = true;
    if (heard !== 'first') leave();
  };
}

/**
 * Node tells neither when a signal was sent nor in which order; so where the event loop was blocked for long, an echo is
 * handled long after it came. The loop looks for signals between its timers and its immediates: what was sent in
 * time has been handled when the immediate runs. Neither keeps the process alive.
 */
function afterOnePress(firstMs: number, call: () => void): void {
  // A timer counts from when the loop's turn began, which may be earlier.
  const leftMs = firstMs + onePressMs - performance.now();
  if (leftMs > 0) setTimeout(() => afterOnePress(firstMs, call), Math.ceil(leftMs)).unref();
  else setImmediate(call).unref();
}

/** What it has not stopped may be draining: it is not cut off for that. */
function failedAt(signal: NodeJS.Signals, thrown: unknown, logger: Logger): void {
  process.exitCode ||= 1;
  const what = isKafkaRxError(thrown) ? thrown.message : errorKind(thrown);
  redactingLogger(logger).error(
    { signal },
    `what was to stop the program at ${signal} failed (${what}); it runs on, and another signal ends it at once`,
  );
}

function endAtOnce(signal: NodeJS.Signals, logger: Logger): void {
  try {
    logger.warn(
      { signal },
      'told to end a second time: the process ends at once, and what is not committed comes again',
    );
  } finally {
    process.exit(128 + constants.signals[signal]);
  }
}
