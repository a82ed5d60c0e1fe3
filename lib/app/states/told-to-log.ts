import { errorKind, told } from '../../errors/errors.js';
import type { Logger } from '../../logging/logger.js';
import type { AppStatesParts } from './app-states.js';

type Told = Pick<
  AppStatesParts,
  'purgeFailed' | 'lookFailed' | 'cutMissed' | 'applyFailed' | 'unheard' | 'closeFailed'
>;

/** What goes wrong with states and passes, or is mended by whoever comes next. */
export function toldToLog(logger: Logger): Told {
  return {
    purgeFailed: error =>
      logger.info({ reason: errorKind(error) }, 'what was read of internal topics is not deleted yet'),
    lookFailed: error =>
      logger.info(
        { reason: errorKind(error) },
        'how far the writers of internal topics are is not known yet',
      ),
    cutMissed: error => logger.warn({ code: error.code, ...error.at }, error.message),
    applyFailed: error =>
      logger.warn(
        { code: error.code },
        `${told(error).what}: it stays in memory, and is tried again before more is committed`,
      ),
    unheard: (state, thrown) =>
      logger.warn(
        { state, error: errorKind(thrown) },
        'changes of a state were not heard in full; the app goes on',
      ),
    closeFailed: error => logger.warn({ reason: errorKind(error) }, 'a state could not be put where it lies'),
  };
}
