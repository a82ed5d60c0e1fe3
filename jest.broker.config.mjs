import base from './jest.config.mjs';

/** What needs a real Kafka (Java, and Maven once): one suite at a time, since each starts brokers. */
/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/spec/broker/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
  maxWorkers: 1,
};
