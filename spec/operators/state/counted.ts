/** What specs of counts pipe in, keep and read. */
import { nullable, number, string } from 'kafka-rx';
import { counter } from 'kafka-rx/state';
import type { TestApp } from 'kafka-rx/testing';

export const text = { key: string, value: string };
export const numbers = { key: string, value: nullable(number) };
export const counts = { key: string, value: counter().codec };

export const at = (key: string, timestamp = 1, value = '') => ({ key, value, timestamp });

/** Such as `a=2@5`: key, value and timestamp. */
export const read = (t: TestApp, topic = 'out'): string[] =>
  t.read(topic, numbers).map(({ key, value, timestamp }) => `${key}=${value}@${timestamp}`);
