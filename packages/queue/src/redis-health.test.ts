import { expect, test } from 'vitest'
import { parseRedisInfo } from './redis-facts.ts'
import { redisProblem, writeProblem } from './redis-health.ts'

const fine = ['redis_version:8.0.0', 'role:master', 'maxmemory_policy:noeviction', 'maxmemory:0']
const factsOf = (...lines: string[]) => parseRedisInfo([...fine, ...lines].join('\r\n'))

test('a Redis that is set up for a queue has no problem, nor one that hides how it is', () => {
  expect(redisProblem(factsOf())).toBeUndefined()
  expect(redisProblem(parseRedisInfo(''))).toBeUndefined()
})

test.each([
  [factsOf('maxmemory_policy:allkeys-lru'), /^Redis drops keys .*allkeys-lru\): set maxmemory-pol/],
  [factsOf('role:slave'), /^Redis is a replica .*: set REDIS_URL to the primary$/],
  [{ ...factsOf(), isClusterDown: true }, /^the Redis Cluster is down: .*; start the one/],
])('a problem is named with its cure', (facts, expected) => {
  expect(redisProblem(facts)).toMatch(expected)
})

test('a full Redis is told with how full it is, where it says so', () => {
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
])('a refusal to write is told with its cure: %s', (refusal, cure) => {
  expect(writeProblem(refusal, undefined)).toContain(cure)
})

test('another error is left as it is', () => {
  expect(writeProblem('connect ECONNREFUSED 127.0.0.1:6379', undefined)).toBeUndefined()
})
