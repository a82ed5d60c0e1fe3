import { string } from 'kafka-rx';
import { mapAsync } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

test('idle rejects with what failed the app', async () => {
  const t = await testApp(app => {
    app
      .topic('in', { value: string })
      .pipe(mapAsync(async (): Promise<string> => Promise.reject(new Error('broken'))))
      .subscribe(app.to('out', { value: string }));
  });
  t.pipeIn('in', [{ value: 'a' }]);
  await expect(t.idle()).rejects.toMatchObject({ code: 'PROCESS' });
});
