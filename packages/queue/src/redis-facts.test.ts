import { expect, test } from 'vitest'
import { joinRedisFacts, parseRedisInfo } from './redis-facts.ts'

function infoOf(fields: Record<string, string | number>): string {
  return Object.entries(fields).reduce(
    (text, [name, value]) => `${text}${name}:${value}\r\n`,
    '# Any\r\n',
  )
}

const healthy = {
  redis_version: '7.4.10',
  role: 'master',
  maxmemory_policy: 'noeviction',
  used_memory: 500,
  maxmemory: 1_000,
  aof_enabled: 1,
}

test('INFO of one server is read', () => {
  expect(parseRedisInfo(infoOf(healthy))).toEqual({
    servers: 1,
    version: '7.4.10',
    isReplica: false,
    evictionPolicy: 'noeviction',
    usedBytes: 500,
    maxBytes: 1_000,
    isAppendOnly: true,
    isClusterNode: false,
    isClusterDown: false,
  })
})

test('a managed server that hides most of it is no problem', () => {
  expect(parseRedisInfo('')).toMatchObject({
    version: undefined,
    isReplica: false,
    evictionPolicy: undefined,
    isAppendOnly: undefined,
  })
})

test.each([
  ['the oldest version', { redis_version: '7.4.9' }, { version: '7.4.9' }],
  [
    'a wrong eviction policy',
    { maxmemory_policy: 'allkeys-lru' },
    { evictionPolicy: 'allkeys-lru' },
  ],
  ['the fullest server', { used_memory: 90, maxmemory: 100 }, { usedBytes: 90, maxBytes: 100 }],
  [
    'a server with a limit',
    { used_memory: 9_000, maxmemory: 0 },
    { usedBytes: 500, maxBytes: 1_000 },
  ],
  ['a missing append-only file', { aof_enabled: 0 }, { isAppendOnly: false }],
  ['a replica', { role: 'slave' }, { isReplica: true }],
])('of three servers %s is told, wherever it stands', (_, odd, expected) => {
  const [good, other] = [healthy, { ...healthy, ...odd }].map((one) => parseRedisInfo(infoOf(one)))
  if (!good || !other) throw new Error('unreachable')
  expect(joinRedisFacts([good, other, good])).toMatchObject({ servers: 3, ...expected })
  expect(joinRedisFacts([other, good, good])).toMatchObject({ servers: 3, ...expected })
})
