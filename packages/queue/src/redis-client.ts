import type { Queue } from 'bullmq'
import { Cluster, Redis } from 'ioredis'
import type { ClusterOptions, RedisOptions } from 'ioredis'
import { QuietSentinelConnector } from './quiet-sentinel-connector.ts'
import type { RedisAddress, RedisLogin } from './redis-address.ts'

/** How a client behaves while its server is away. */
export interface RedisClientOptions {
  /** A command waits for the server; else it fails at once, and the caller tries again. */
  readonly waits: boolean
  readonly commandTimeoutMs: number | undefined
  readonly connectTimeoutMs: number
}

/** ioredis speaks to a cluster with a client of its own. */
export type RedisClient = Redis | Cluster

/** The client of a queue; undefined when the queue is on PostgreSQL. */
export function redisClientOf({ opts }: Queue): RedisClient | undefined {
  const client: unknown = opts.connection
  return client instanceof Redis || client instanceof Cluster ? client : undefined
}

// ioredis types its commands' replies after this option; we leave it alone.
type ClientOptions = Omit<RedisOptions, 'replyMapping'>

const retryDelay = (times: number) => Math.min(times * 100, 2_000)
// A fail-fast command must have failed for good before its command timeout.
const quickRedirections = 5
const sentinelTimeoutMs = 1_000

/** Connects at once, and again whenever the connection is lost. */
export function createRedisClient(address: RedisAddress, manners: RedisClientOptions): RedisClient {
  const options = commonOptions(address, manners)
  if (address.form === 'cluster') {
    return new Cluster([...address.nodes], clusterOptions(options, manners))
  }
  const where = address.form === 'sentinel' ? sentinelOptions(address) : address.node
  return new Redis({ ...options, ...serverOptions, ...where, db: address.database })
}

function commonOptions(
  { login, hasTls, family }: RedisAddress,
  { waits, commandTimeoutMs, connectTimeoutMs }: RedisClientOptions,
): ClientOptions {
  return {
    ...loginOptions(login),
    ...(hasTls ? { tls: {} } : {}),
    ...(family === undefined ? {} : { family }),
    ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs }),
    connectTimeout: connectTimeoutMs,
    enableOfflineQueue: waits,
    maxRetriesPerRequest: waits ? null : 1,
  }
}

function loginOptions({ username, password }: RedisLogin): ClientOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
}

const serverOptions: ClientOptions = {
  retryStrategy: retryDelay,
  // After a failover the connection may still lead to the old primary.
  reconnectOnError: (error) => /^(READONLY|UNBLOCKED)\b/.test(error.message),
}

function sentinelOptions(address: RedisAddress & { form: 'sentinel' }): ClientOptions {
  const { username, password } = address.sentinelLogin
  return {
    Connector: QuietSentinelConnector,
    sentinels: [...address.sentinels],
    name: address.primary,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(address.hasTls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    sentinelRetryStrategy: retryDelay,
    sentinelReconnectStrategy: retryDelay,
    // Else a frozen sentinel would hold up the search for the primary.
    sentinelCommandTimeout: sentinelTimeoutMs,
    // A frozen primary keeps its connections; the sentinels tell when another one took its place.
    failoverDetector: true,
  }
}

function clusterOptions(options: ClientOptions, { waits }: RedisClientOptions) {
  const { enableOfflineQueue: _, ...redisOptions } = options
  return {
    redisOptions,
    enableOfflineQueue: waits,
    clusterRetryStrategy: retryDelay,
    ...(waits ? {} : { maxRedirections: quickRedirections }),
    // The name stays what it is: TLS checks it, and a managed endpoint changes its addresses.
    dnsLookup: (host, callback) => callback(null, host),
  } satisfies ClusterOptions
}
