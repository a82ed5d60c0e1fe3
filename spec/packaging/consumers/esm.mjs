/** Uses the library as an ESM program does. */
import { json } from 'kafka-rx';
import { CardNumber, MaskedCardNumber } from 'kafka-rx/io-ts';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { MemoryBroker } from 'kafka-rx/memory';
import { mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import masking from './masking.cjs';

const result = await masking({ json, mask, testApp, CardNumber, MaskedCardNumber });
const kinds = [kafkajs, lmdb, MemoryBroker].map(one => typeof one);
console.log(JSON.stringify({ ...result, kinds }));
