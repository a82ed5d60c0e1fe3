import { isNativeError } from 'node:util/types';
import { type ErrorCode, errorKind, isKafkaRxError, KafkaRxError, told } from '../../errors/errors.js';
import { fieldOf } from '../../errors/field-of.js';
import { isInstance } from '../../errors/is-instance.js';
import { beyondTheEnd, keepsItsRecords } from '../deletions.js';
import type { PartitionOffset } from '../port.js';
import { protocolError } from './protocol/protocol-error.js';

/**
 * What authenticating threw, and at which broker. In an error of our own: tokens come from the user's functions, which may throw
 * anything, and kafkajs asks what it is given for its name and more. It is no `cause`, which kafkajs would take in its place
 * (src/retry/index.js).
 */
export class NotAuthenticated extends Error {
  readonly type: string | undefined;
  readonly code: string | undefined;
  /** False: kafkajs does not try again. */
  readonly retriable: boolean;

  /** @param broker `host:port` */
  constructor(
    readonly thrown: unknown,
    readonly broker: string,
  ) {
    super('the connection was not authenticated');
    const root = rootOf(thrown);
    this.name = textOf(root, 'name') ?? 'Error';
    this.type = textOf(root, 'type');
    this.code = textOf(root, 'code');
    this.retriable = fieldOf(thrown, 'retriable') !== false;
  }
}

/** The innermost error: kafkajs wraps once for each retrier that gave up. Its messages are never kept: they may quote a record. */
function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < 10; depth++) {
    const cause = fieldOf(root, 'cause');
    // Also one of another realm: Node's own are, to whoever runs in a context of `node:vm`.
    if (!isNativeError(cause) && !isInstance(cause, Error)) break;
    root = cause;
  }
  return root;
}

/** What kafkajs, or Node, has put there in text. */
function textOf(root: unknown, name: 'name' | 'type' | 'code' | 'broker'): string | undefined {
  const value = fieldOf(root, name);
  return typeof value === 'string' ? value : undefined;
}

/** Kafka's name of the error, such as `UNKNOWN_MEMBER_ID`, or undefined where it came from no broker. */
export function typeOf(error: unknown): string | undefined {
  return textOf(rootOf(error), 'type');
}

/** The address, `host:port`, of an error of a connection. */
export function brokerOf(error: unknown): string | undefined {
  return textOf(rootOf(error), 'broker');
}

/** What may be said of a kafkajs error: its type, or its name and code. */
export function kindOf(error: unknown): string {
  return typeOf(error) ?? errorKind(rootOf(error));
}

/** Why something is tried again, for whoever looks: ours say more than their kind. Not what to do: that is the driver's to do. */
export function reasonOf(error: unknown): string {
  return isKafkaRxError(error) ? told(error).what : kindOf(error);
}

const authentication: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
]);

const expired = "Renew the broker's certificate, and check the clocks of both machines.";
const untrusted = 'Give the authority that signed it in `ssl.ca`.';
const refused = 'Give a certificate and key that the broker trusts in `ssl.cert` and `ssl.key`.';
const noTls = 'The broker speaks no TLS on that port: check the address, or leave out `ssl`.';

/** What no waiting mends in TLS, by the codes of Node and OpenSSL, and what to do. */
const certificates: ReadonlyMap<string, string> = new Map(
  Object.entries({
    CERT_HAS_EXPIRED: expired,
    CERT_NOT_YET_VALID: expired,
    DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
    SELF_SIGNED_CERT_IN_CHAIN: untrusted,
    UNABLE_TO_GET_ISSUER_CERT: untrusted,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
    ERR_TLS_CERT_ALTNAME_INVALID: 'Connect by a name that the certificate has, or set `ssl.servername`.',
    ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: refused,
    ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: refused,
    ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: refused,
    ERR_SSL_WRONG_VERSION_NUMBER: noTls,
    ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  }),
);

const authorization: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

/** Errors of the group protocol that come back however often we join. */
const configuration: ReadonlySet<string> = new Set([
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'GROUP_MAX_SIZE_REACHED',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_VERSION',
]);

/** Errors of our own making, which no waiting mends. */
const defects: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

/**
 * The error where no waiting helps, or undefined where the cause is one of infrastructure: a broker that is down, a
 * coordinator that moves, a group in upheaval.
 */
export function fatalErrorOf(error: unknown): KafkaRxError | undefined {
  if (isKafkaRxError(error)) return error.retriable ? undefined : error;
  const root = rootOf(error);
  const own = isInstance(root, NotAuthenticated) ? root.thrown : root;
  if (isKafkaRxError(own)) return own.retriable ? undefined : own;
  const type = textOf(root, 'type');
  const name = textOf(root, 'name') ?? '';
  if (name === 'KafkaJSSASLAuthenticationError' || (type !== undefined && authentication.has(type))) {
    return driverError(
      `Kafka${at(root)} refused the credentials`,
      error,
      "Check `sasl` and the broker's users.",
    );
  }
  const code = textOf(root, 'code') ?? '';
  const remedy = certificates.get(code);
  if (remedy !== undefined) {
    return driverError(`No TLS connection to Kafka${at(root)}: ${code}`, error, remedy);
  }
  if (type !== undefined && authorization.has(type)) {
    return driverError(`Kafka does not permit it: ${type}`, error, 'Give the user the right by an ACL.');
  }
  if (type === 'INVALID_SESSION_TIMEOUT') {
    return new KafkaRxError('CONFIGURATION', `The broker does not take this sessionTimeoutMs: ${type}`, {
      cause: error,
      remedy:
        "Choose one within the broker's group.min.session.timeout.ms and group.max.session.timeout.ms (6,000 and 1,800,000 by default)",
    });
  }
  if (type !== undefined && configuration.has(type)) {
    return driverError(`Kafka refuses the group or the topic: ${type}`, error, remedyOf(type));
  }
  if (!defects.has(name)) return undefined;
  if (root !== own) {
    const what = `Authenticating${at(root)} threw ${name}`;
    return driverError(what, error, 'Mend what the functions given in `sasl` do and give.');
  }
  return driverError(`An unexpected ${name}`, error, 'Report it.');
}

function at(root: unknown): string {
  const broker = textOf(root, 'broker');
  return broker === undefined ? '' : ` at ${broker}`;
}

function remedyOf(type: string): string {
  if (type === 'INCONSISTENT_GROUP_PROTOCOL') {
    return 'The group has members with another assignor: use another groupId, or stop them first.';
  }
  return 'Correct the configuration and start again.';
}

function driverError(what: string, cause: unknown, remedy: string): KafkaRxError {
  return new KafkaRxError('DRIVER', what, { cause, remedy });
}

/** An error of infrastructure, which may pass. */
export function passingError(code: ErrorCode, what: string, cause: unknown): KafkaRxError {
  return new KafkaRxError(code, `${what}: ${kindOf(cause)}`, { cause, retriable: true });
}

/** Of a commit: another member may have the partitions, so that sending it again would be wrong. */
const refusals: ReadonlySet<string> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
]);

/** The broker's answer to a commit, as the port tells it. */
export function commitError(cause: unknown): KafkaRxError {
  const type = typeOf(cause);
  if (type !== undefined && refusals.has(type)) {
    return new KafkaRxError('COMMIT_REFUSED', `The group went on without this member: ${type}`, {
      cause,
      remedy: 'Drop the commit: what it covers is delivered again, to whoever has the partition now.',
    });
  }
  if (type === 'OFFSET_METADATA_TOO_LARGE') return metadataTooLarge(cause);
  const fatal = fatalErrorOf(cause) !== undefined;
  return new KafkaRxError('COMMIT_FAILED', `The offsets were not committed: ${kindOf(cause)}`, {
    cause,
    retriable: !fatal,
    remedy: fatal
      ? 'Look at the answer: what the brokers refuse for good is a matter of their configuration, such as the rights of the user'
      : 'Nothing: it is tried again',
  });
}

/** Brokers may be set to less than the 4,096 bytes that are held to before anything is sent. */
function metadataTooLarge(cause: unknown): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    'The brokers take less text beside an offset than the commit has',
    {
      cause,
      remedy:
        "Raise the brokers' offset.metadata.max.bytes to its default of 4096, or write into fewer stores with positions",
    },
  );
}

/** The coordinator's answer to a commit of somebody who is no member, while there are members; else undefined. */
export function groupActive(groupId: string, cause: unknown): KafkaRxError | undefined {
  const type = typeOf(cause);
  if (type !== 'REBALANCE_IN_PROGRESS' && (type === undefined || !refusals.has(type))) return undefined;
  return groupHasMembers(groupId, cause);
}

export function groupHasMembers(groupId: string, cause: unknown): KafkaRxError {
  return new KafkaRxError('GROUP_ACTIVE', `Group ${groupId} has members`, {
    cause,
    remedy: 'Stop its members; after a crash, wait until the session timeout has passed',
  });
}

/** What `start`, `subscribe` and the like reject with once the consumer or connection is closed. */
export function closedError(what: string): KafkaRxError {
  return new KafkaRxError('CLOSED', `The ${what} was closed`, { remedy: 'Make a new one.' });
}

/** Names the topics that do not exist. */
export function missingTopics(names: readonly string[]): KafkaRxError {
  const topics = [...names].sort().join(', ');
  return new KafkaRxError('MISSING_TOPIC', `Kafka has no topic ${topics}`, {
    remedy: 'Create it, or correct the name.',
  });
}

/** The leader's answer to a deletion of records. */
export function refusedDeletion(at: PartitionOffset, type: string, cause: unknown): Error {
  if (type === 'OFFSET_OUT_OF_RANGE') return beyondTheEnd(at, cause);
  if (type === 'POLICY_VIOLATION') return keepsItsRecords(at, cause);
  return protocolError('no records were deleted', type, { cause });
}

/** Why topics could not be made or deleted: of several the first that says why no waiting helps. */
export function topicsError(what: string, error: unknown): KafkaRxError {
  // kafkajs gathers the answers, one for each topic (src/errors.js, KafkaJSAggregateError).
  const gathered = fieldOf(error, 'errors');
  const errors: readonly unknown[] = Array.isArray(gathered) ? gathered : [error];
  for (const one of errors) {
    const final = wrongTopic(what, one) ?? fatalErrorOf(one);
    if (final !== undefined) return final;
  }
  const telling = errors.find(one => typeOf(one) !== 'TOPIC_ALREADY_EXISTS');
  return passingError('DRIVER', what, telling ?? error);
}

function wrongTopic(what: string, error: unknown): KafkaRxError | undefined {
  const type = typeOf(error);
  if (type === undefined || !wrongTopics.has(type)) return undefined;
  const name = fieldOf(error, 'topic');
  const which = typeof name === 'string' ? ` (${name})` : '';
  return new KafkaRxError('CONFIGURATION', `${what}${which}: ${type}`, {
    cause: error,
    remedy: "Look at name, number of partitions and configs, and at the brokers' own limits.",
  });
}

const wrongTopics: ReadonlySet<string> = new Set([
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'INVALID_REPLICA_ASSIGNMENT',
  'INVALID_REQUEST',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
]);
