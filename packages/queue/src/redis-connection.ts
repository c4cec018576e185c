import { Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'

// ioredis types its commands' replies after this option; we leave it alone.
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>

/** A Redis client that is ours, not BullMQ's, together with every client that is duplicated from it. */
export interface RedisConnection {
  readonly client: Redis
  /** Ends all of them at once, also while the server is away. */
  readonly disconnect: () => void
}

/**
 * Connects at once. BullMQ waits for the server when it closes a client that it made, and takes the
 * error listener off before the last reply is in: an error then would end the process.
 */
export function createRedisConnection(url: string, options: ClientOptions): RedisConnection {
  const clients: Redis[] = []

  function keep(client: Redis): Redis {
    clients.push(client)
    // BullMQ listens too and reports them; this one stays when BullMQ has gone.
    client.on('error', () => undefined)
    const duplicate = client.duplicate.bind(client)
    client.duplicate = (override) => keep(duplicate(override))
    return client
  }

  return {
    client: keep(new Redis(url, options)),
    disconnect() {
      for (const client of clients) client.disconnect()
    },
  }
}
