import { type App, string } from 'kafka-rx';
import { mapValue } from 'kafka-rx/operators';

const value = string;

/** Copies the topic `in`, but for values on which its function throws. */
export function copyingGood(to: string, isBad: (text: string) => boolean): (app: App) => void {
  return app => {
    app
      .topic('in', { value })
      .pipe(
        mapValue(text => {
          if (isBad(text)) throw new Error('broken');
          return text;
        }),
      )
      .subscribe(app.to(to, { value }));
  };
}
