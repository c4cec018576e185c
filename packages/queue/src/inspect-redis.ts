import { createRedisConnection } from './redis-connection.ts'

const answerTimeoutMs = 4_000

/** How a Redis is set up, as it says itself; undefined where it does not say. */
export interface RedisFacts {
  readonly version: string | undefined
  /** A replica takes no jobs. */
  readonly isReplica: boolean
  readonly evictionPolicy: string | undefined
  readonly usedBytes: number
  /** 0 without a limit. */
  readonly maxBytes: number
  readonly isAppendOnly: boolean | undefined
}

/**
 * Asks a Redis how it is set up. INFO has it all, where CONFIG is often forbidden.
 *
 * @throws the first error of the connection, such as a password that is wrong.
 */
export async function inspectRedis(url: string): Promise<RedisFacts> {
  const { client, disconnect } = createRedisConnection(url, {
    lazyConnect: true,
    connectTimeout: answerTimeoutMs,
    commandTimeout: answerTimeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  const errors: Error[] = []
  // connect() itself says only that the connection is closed.
  client.on('error', (error) => errors.push(error))
  try {
    const info = await client.connect().then(() => client.info())
    // It is ready although it could not select its database.
    if (errors[0]) throw errors[0]
    return readFacts(info)
  } catch (error) {
    throw errors[0] ?? error
  } finally {
    disconnect()
  }
}

function readFacts(info: string): RedisFacts {
  const facts = new Map(
    info.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
  const appendOnly = facts.get('aof_enabled')
  return {
    version: facts.get('redis_version'),
    isReplica: facts.get('role') === 'slave',
    evictionPolicy: facts.get('maxmemory_policy'),
    usedBytes: Number(facts.get('used_memory') ?? 0),
    maxBytes: Number(facts.get('maxmemory') ?? 0),
    isAppendOnly: appendOnly === undefined ? undefined : appendOnly === '1',
  }
}
