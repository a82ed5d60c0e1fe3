import { describeKafkajsContract } from './kafkajs-contract.js';

describeKafkajsContract('fast');
