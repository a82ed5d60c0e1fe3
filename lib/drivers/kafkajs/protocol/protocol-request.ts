/**
 * One request as kafkajs sends it: `Connection.send` in src/network/connection.js frames what `encode` gives with
 * the request header (version 1) and hands what follows the correlation id to `decode`.
 */
export interface ProtocolRequest<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<T>;
    parse(data: T): Promise<T>;
  };
  /** Milliseconds; kafkajs takes the larger of this and its own. */
  readonly requestTimeout?: number | null;
  readonly logResponseError?: boolean;
}

/** What kafkajs looks for in every decoded response, to hold back as the broker asks (KIP-219). */
export interface Throttled {
  readonly clientSideThrottleTime: number;
}

/** A request whose body is sent piece by piece as it is: what kafkajs frames it copies twice. */
export interface PartsRequest<T extends Throttled> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** The body, without the request header. */
  readonly parts: readonly Buffer[];
  decode(payload: Buffer): T;
}
