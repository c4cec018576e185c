import type { RedisAddress } from './redis-address.ts'
import { createRedisClient } from './redis-client.ts'
import type { RedisClient, RedisClientOptions } from './redis-client.ts'

/** A Redis client that is ours, not BullMQ's, together with every client that is duplicated from it. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Ends all of them at once, also while the server is away. */
  readonly disconnect: () => void
}

/**
 * Connects at once. BullMQ waits for the server when it closes a client that it made, and takes the
 * error listener off before the last reply is in: an error then would end the process.
 */
export function createRedisConnection(
  address: RedisAddress,
  manners: RedisClientOptions,
): RedisConnection {
  const clients: RedisClient[] = []

  function keep<Client extends RedisClient>(client: Client): Client {
    clients.push(client)
    // BullMQ listens too and reports them; this one stays when BullMQ has gone.
    client.on('error', () => undefined)
    const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => Client
    client.duplicate = ((...args: unknown[]) => keep(duplicate(...args))) as Client['duplicate']
    return client
  }

  return {
    client: keep(createRedisClient(address, manners)),
    disconnect() {
      for (const client of clients) client.disconnect()
    },
  }
}
