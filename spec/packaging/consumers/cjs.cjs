/** Uses the library as a CommonJS program does. */
const { json } = require('kafka-rx');
const { CardNumber, MaskedCardNumber } = require('kafka-rx/io-ts');
const { kafkajs } = require('kafka-rx/kafkajs');
const { lmdb } = require('kafka-rx/lmdb');
const { MemoryBroker } = require('kafka-rx/memory');
const { mask } = require('kafka-rx/operators');
const { testApp } = require('kafka-rx/testing');
const masking = require('./masking.cjs');

masking({ json, mask, testApp, CardNumber, MaskedCardNumber }).then(result => {
  const kinds = [kafkajs, lmdb, MemoryBroker].map(one => typeof one);
  console.log(JSON.stringify({ ...result, kinds }));
});
