import { byItself, type Fault, type Surroundings } from '../fault.js';

function heal({ proxies }: Surroundings): void {
  for (const proxy of proxies) proxy.heal();
}

/** No connection between app and brokers, for longer than a session may be silent. */
export const networkCut: Fault<Surroundings> = {
  name: 'network-cut',
  holdMs: 8_000,
  inject({ proxies }) {
    for (const proxy of proxies) proxy.cut();
  },
  heal,
};

/** Half a second each way: every request takes a second longer. */
export const networkDelay: Fault = {
  name: 'network-delay',
  holdMs: 6_000,
  inject({ proxies }) {
    for (const proxy of proxies) proxy.delay(500);
  },
  heal,
};

/** Connections stay open, and nothing arrives any more. */
export const networkBlackHole: Fault = {
  name: 'network-black-hole',
  holdMs: 8_000,
  inject({ proxies }) {
    for (const proxy of proxies) proxy.blackHole();
  },
  heal,
};

/** Every connection is reset, four times within two seconds: requests whose answers are lost. */
export const networkReset: Fault = {
  name: 'network-reset',
  holdMs: 0,
  async inject({ proxies }) {
    for (let i = 0; i < 4; i++) {
      for (const proxy of proxies) proxy.reset();
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  },
  heal: byItself,
};
