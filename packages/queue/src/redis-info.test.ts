import { expect, test } from 'vitest'
import { joinRedisFacts, parseRedisInfo, redisProblem, writeProblem } from './redis-info.ts'

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

test('the facts that a managed server hides are undefined', () => {
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
])('of three servers %s is reported, in any order', (_, odd, expected) => {
  const [good, other] = [healthy, { ...healthy, ...odd }].map((one) => parseRedisInfo(infoOf(one)))
  if (!good || !other) throw new Error('unreachable')
  expect(joinRedisFacts([good, other, good])).toMatchObject({ servers: 3, ...expected })
  expect(joinRedisFacts([other, good, good])).toMatchObject({ servers: 3, ...expected })
})

const fine = ['redis_version:8.0.0', 'role:master', 'maxmemory_policy:noeviction', 'maxmemory:0']
const factsOf = (...lines: string[]) => parseRedisInfo([...fine, ...lines].join('\r\n'))

test('a Redis that is set up for a queue has no problem, and one that hides its settings has none', () => {
  expect(redisProblem(factsOf())).toBeUndefined()
  expect(redisProblem(parseRedisInfo(''))).toBeUndefined()
})

test.each([
  [factsOf('maxmemory_policy:allkeys-lru'), /^Redis drops keys .*allkeys-lru\): set maxmemory-pol/],
  [factsOf('role:slave'), /^Redis is a replica .*: set REDIS_URL to the primary$/],
  [{ ...factsOf(), isClusterDown: true }, /^the Redis Cluster is down: .*; start the one/],
])('a problem is reported with its remedy', (facts, expected) => {
  expect(redisProblem(facts)).toMatch(expected)
})

test('a full Redis is reported with its memory, where INFO shows it', () => {
  const refusal = "OOM command not allowed when used memory > 'maxmemory'."
  const facts = factsOf('used_memory:536870912', 'maxmemory:536870912')
  expect(writeProblem(refusal, facts)).toBe(
    'Redis is full (512 MB of 512 MB) and takes no jobs: raise maxmemory',
  )
  expect(writeProblem(refusal, undefined)).toBe('Redis is full and takes no jobs: raise maxmemory')
})

test.each([
  ["READONLY You can't write against a read only replica.", 'set REDIS_URL to the primary'],
  ['MISCONF Redis is configured to save RDB snapshots, but', 'make room there'],
  ['NOREPLICAS Not enough good replicas to write.', 'min-replicas-to-write'],
])('a refused write is reported with its remedy: %s', (refusal, cure) => {
  expect(writeProblem(refusal, undefined)).toContain(cure)
})

test('another error is no problem of writing', () => {
  expect(writeProblem('connect ECONNREFUSED 127.0.0.1:6379', undefined)).toBeUndefined()
})
