import { availableParallelism } from 'node:os';

/** Every layer but the real broker. `spec/broker` and what needs Java runs through `jest.broker.config.mjs`. */
const entryPoints = {
  '^kafka-rx$': '<rootDir>/lib/index.ts',
  '^kafka-rx/operators$': '<rootDir>/operators/index.ts',
  '^kafka-rx/state$': '<rootDir>/operators/state/index.ts',
  '^kafka-rx/io-ts$': '<rootDir>/lib/codecs/io-ts.ts',
  '^kafka-rx/kafkajs$': '<rootDir>/lib/drivers/kafkajs/index.ts',
  '^kafka-rx/memory$': '<rootDir>/lib/drivers/memory/index.ts',
  '^kafka-rx/lmdb$': '<rootDir>/lib/stores/lmdb.ts',
  '^kafka-rx/workers$': '<rootDir>/lib/app/workers/index.ts',
  '^kafka-rx/testing$': '<rootDir>/lib/testing/index.ts',
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Time is virtual or bounded by the tests themselves: this is for a machine that is busy with something else.
  testTimeout: 30_000,
  // Jest leaves a core to itself, which it hardly uses: of two that is half.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  roots: ['<rootDir>/spec'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/spec/broker/'],
  moduleNameMapper: { ...entryPoints, '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};
