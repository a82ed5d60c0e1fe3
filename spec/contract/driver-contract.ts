import { adversarialProducingContract } from './adversarial-producing-contract.js';
import { beginningContract } from './beginning-contract.js';
import { caughtUpContract } from './caught-up-contract.js';
import { closingContract } from './closing-contract.js';
import { committingContract } from './committing-contract.js';
import { consumingContract } from './consuming-contract.js';
import { ContractContext } from './contract-context.js';
import type { ContractSetup } from './contract-setup.js';
import { gateContract } from './gate-contract.js';
import { producingContract } from './producing-contract.js';
import { readerContract } from './reader-contract.js';
import { rebalancingContract } from './rebalancing-contract.js';
import { resumingContract } from './resuming-contract.js';
import { rewindingContract } from './rewinding-contract.js';
import { standstillContract } from './standstill-contract.js';
import { topicsContract } from './topics-contract.js';
import { truncationContract } from './truncation-contract.js';
import { unitOfWorkContract } from './unit-of-work-contract.js';
import { vanishingContract } from './vanishing-contract.js';

/**
 * The rules of `lib/drivers/port.ts`, held against one driver: the same tests on the embedded broker and on a real
 * cluster. Each test has its own topics, groups and clients; the listeners of its consumers note every breach.
 */
export function describeDriverContract(name: string, setup: ContractSetup): void {
  jest.setTimeout(Math.max(5_000, setup.budgetMs * 4));
  describe(`the driver contract on ${name}`, () => {
    const context = new ContractContext(setup);
    if (setup.open !== undefined) beforeAll(setup.open.bind(setup), 120_000);
    afterEach(() => context.finish(), 60_000);
    if (setup.close !== undefined) afterAll(setup.close.bind(setup), 120_000);

    describe('topics and offsets', () => topicsContract(context));
    describe('producing', () => producingContract(context));
    describe('producing what is odd', () => adversarialProducingContract(context));
    describe('consuming', () => consumingContract(context));
    describe('standing still', () => standstillContract(context));
    describe('beginning', () => beginningContract(context));
    describe('vanishing topics', () => vanishingContract(context));
    describe('committing', () => committingContract(context));
    describe('resuming', () => resumingContract(context));
    describe('gates', () => gateContract(context));
    describe('rewinding', () => rewindingContract(context));
    describe('catching up', () => caughtUpContract(context));
    describe('a reader outside of groups', () => readerContract(context));
    describe('truncated logs', () => truncationContract(context));
    describe('rebalancing', () => rebalancingContract(context));
    describe('units of work', () => unitOfWorkContract(context));
    describe('closing', () => closingContract(context));
  });
}
