import type { Queue } from 'bullmq'
import { Cluster, Redis, SentinelConnector } from 'ioredis'
import type { ClusterOptions, RedisOptions } from 'ioredis'
import { joinScripts, joinWrites } from './joined-commands.ts'
import { refusalOf } from './outage-backends.ts'
import type { RedisAddress, RedisLogin } from './redis-address.ts'

/** What a client does while its server is unavailable. */
export interface RedisClientOptions {
  /** A command waits for the server; otherwise it fails at once, and the caller tries again. */
  readonly waits: boolean
  readonly commandTimeoutMs: number | undefined
  readonly connectTimeoutMs: number
  /**
   * A connection is replaced when a command has had no answer for so long: a firewall may have forgotten
   * it, and TCP alone notices that after a quarter of an hour. Longer than a blocking fetch.
   */
  readonly silenceTimeoutMs: number
}

/** ioredis has a class of its own for a cluster. */
export type RedisClient = Redis | Cluster

/** A Redis client that we made, not BullMQ, together with every client that is duplicated from it. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Closes all of them at once, also while the server is unavailable. */
  readonly disconnect: () => void
}

/**
 * Connects at once, and again whenever the connection is lost. BullMQ gets our client since it waits
 * for the server when it closes its own, and removes the error listener before the last reply: an
 * error after that would end the process.
 */
export function createRedisConnection(
  address: RedisAddress,
  options: RedisClientOptions,
): RedisConnection {
  const clients: RedisClient[] = []

  function keep<Client extends RedisClient>(client: Client): Client {
    clients.push(client)
    watchConnections(client)
    joinWrites(client)
    joinScripts(client)
    // BullMQ's own listener reports the errors. This one stays after BullMQ removed its own.
    client.on('error', () => undefined)
    const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => Client
    client.duplicate = ((...args: unknown[]) => keep(duplicate(...args))) as Client['duplicate']
    return client
  }

  return {
    client: keep(createRedisClient(address, options)),
    disconnect() {
      for (const client of clients) client.disconnect()
    },
  }
}

const lostConnections = new WeakMap<RedisClient, number>()

/** How many connections of a client to a server were lost so far, in a cluster to any of its nodes. */
export function countLostConnections(client: RedisClient): number {
  return lostConnections.get(client) ?? 0
}

function watchConnections(client: RedisClient): void {
  const onClose = () => void lostConnections.set(client, countLostConnections(client) + 1)
  client.on('close', onClose)
  if (client instanceof Cluster) client.on('+node', (node: Redis) => node.on('close', onClose))
}

/** The Redis client of a queue; undefined when the queue is on PostgreSQL. */
export function redisClientOf({ opts }: Queue): RedisClient | undefined {
  const client: unknown = opts.connection
  return client instanceof Redis || client instanceof Cluster ? client : undefined
}

// The option replyMapping changes the types of all replies. It is not used.
type ClientOptions = Omit<RedisOptions, 'replyMapping'>

const retryDelay = (times: number) => Math.min(times * 100, 2_000)
// A command that must fail fast has to fail before its timeout.
const quickRedirections = 5
const sentinelTimeoutMs = 1_000

function createRedisClient(address: RedisAddress, options: RedisClientOptions): RedisClient {
  const common = commonOptions(address, options)
  if (address.form === 'cluster') {
    return new Cluster([...address.nodes], clusterOptions(common, options))
  }
  const where = address.form === 'sentinel' ? sentinelOptions(address) : address.node
  return new Redis({ ...common, ...serverOptions, ...where, db: address.database })
}

function commonOptions(
  { login, hasTls, tls = {}, family }: RedisAddress,
  { waits, commandTimeoutMs, connectTimeoutMs, silenceTimeoutMs }: RedisClientOptions,
): ClientOptions {
  return {
    ...loginOptions(login),
    ...(hasTls ? { tls } : {}),
    ...(family === undefined ? {} : { family }),
    ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs }),
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
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
  reconnectOnError: (error) => /^(READONLY|UNBLOCKED)\b/.test(refusalOf(error)),
}

function sentinelOptions(address: RedisAddress & { form: 'sentinel' }): ClientOptions {
  const { username, password } = address.sentinelLogin
  return {
    Connector: QuietSentinelConnector,
    sentinels: [...address.sentinels],
    name: address.primary,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(address.hasTls ? { enableTLSForSentinelMode: true, sentinelTLS: address.tls ?? {} } : {}),
    sentinelRetryStrategy: retryDelay,
    sentinelReconnectStrategy: retryDelay,
    // A sentinel that hangs must not hold up the search for the primary.
    sentinelCommandTimeout: sentinelTimeoutMs,
    // A primary that hangs keeps its connections: the sentinels report when another took its place.
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
    // The name is not resolved here: TLS checks it, and the addresses of a managed endpoint change.
    dnsLookup: (host, callback) => callback(null, host),
  } satisfies ClusterOptions
}

type ConnectorOptions = ConstructorParameters<typeof SentinelConnector>[0]

// The failover detector of ioredis has no error listener, so ioredis prints a stack for each try to
// reach an unavailable sentinel. Errors that matter are errors of the main client.
class QuietSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as ConnectorOptions)
    const inner = this as unknown as { connectToSentinel: (...args: unknown[]) => Redis }
    const connect = inner.connectToSentinel.bind(this)
    inner.connectToSentinel = (...args) => connect(...args).on('error', () => undefined)
  }
}
