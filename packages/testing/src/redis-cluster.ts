import { retry } from '@clerk-sync/ops'
import { Redis } from 'ioredis'
import { provideRedisProgram } from './redis.ts'
import { createRedisServer, redisSettings } from './redis-server.ts'
import type { RedisServer } from './redis-server.ts'
import { freePort } from './start-process.ts'

const slotCount = 16_384
const readyTimeoutMs = 15_000
const pollMs = 50
const clusterSettings = [
  ...redisSettings,
  '--cluster-enabled',
  'yes',
  '--cluster-node-timeout',
  '500',
]

/** A Redis Cluster of three masters without replicas. */
export interface RedisCluster {
  /** Names all nodes. */
  readonly url: string
  /** The node that holds the slot of a key, and one that does not; asked while all are there. */
  readonly nodesFor: (key: string) => Promise<{ holder: RedisServer; other: RedisServer }>
  readonly stop: () => Promise<void>
}

/** Starts one from processes of their own. @throws Error when it is not complete in 15 s. */
export async function createRedisCluster(): Promise<RedisCluster> {
  const program = await provideRedisProgram()
  const nodes: RedisServer[] = []
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())))
  try {
    while (nodes.length < 3) {
      const port = await freePort()
      nodes.push(await createRedisServer(program, { port, settings: clusterSettings }))
    }
    await join(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodesFor: async (key) => {
      const slot = await ask(nodes[0], (client) => client.cluster('KEYSLOT', key))
      const index = ranges(nodes.length).findIndex(({ end }) => slot <= end)
      return { holder: at(nodes, index), other: at(nodes, (index + 1) % nodes.length) }
    },
    stop,
  }
}

async function join(nodes: readonly RedisServer[]): Promise<void> {
  const [first] = nodes
  for (const [index, { start, end }] of ranges(nodes.length).entries()) {
    const slots = Array.from({ length: end - start + 1 }, (_, offset) => start + offset)
    await ask(nodes[index], async (client) => {
      await client.cluster('ADDSLOTS', slots)
      // Nodes whose epochs collide would first have to agree.
      await client.cluster('SET-CONFIG-EPOCH', index + 1)
      if (first) await client.cluster('MEET', '127.0.0.1', first.port)
    })
  }
  for (const node of nodes) {
    await retry(() => assertComplete(node), { firstDelayMs: pollMs, timeoutMs: readyTimeoutMs })
  }
}

async function assertComplete(node: RedisServer): Promise<void> {
  const info = await ask(node, (client) => client.cluster('INFO'))
  const isComplete = info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')
  if (!isComplete) throw new Error(`the Redis Cluster is not complete:\n${info}`)
}

async function ask<T>(node: RedisServer | undefined, command: (client: Redis) => Promise<T>) {
  const client = new Redis({ port: node?.port ?? 0, host: '127.0.0.1' })
  try {
    return await command(client)
  } finally {
    client.disconnect()
  }
}

function ranges(count: number): { start: number; end: number }[] {
  const border = (index: number) => Math.round((index * slotCount) / count)
  return Array.from({ length: count }, (_, index) => ({
    start: border(index),
    end: border(index + 1) - 1,
  }))
}

function at(nodes: readonly RedisServer[], index: number): RedisServer {
  const node = nodes[index]
  if (!node) throw new Error(`there is no node ${index}`)
  return node
}
