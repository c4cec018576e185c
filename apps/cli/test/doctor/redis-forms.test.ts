import { createRedisCluster, createRedisSentinel, createTlsRedis } from '@clerk-sync/testing'
import type { RedisCluster } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { examine } from './scene.ts'

describe('a Redis Cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await createRedisCluster()
  })
  afterAll(() => cluster.stop())

  test('answers as one', async () => {
    const { resultOf } = await examine({ REDIS_URL: cluster.url })
    expect(resultOf('queue')).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^Redis Cluster \d[\d.]+ with 3 masters answers$/),
    })
    expect(resultOf('Redis eviction')).toMatchObject({ status: 'ok' })
    expect(resultOf('waiting events')).toMatchObject({ status: 'ok', found: 'none' })
  })

  test('is recognised by one of its nodes', async () => {
    const [node = ''] = cluster.url.split(',')
    const asCluster = await examine({ REDIS_URL: node.replace('redis:', 'redis+cluster:') })
    expect(asCluster.resultOf('queue')).toMatchObject({ status: 'ok' })
    const asOne = await examine({ REDIS_URL: node })
    expect(asOne.resultOf('queue')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('is a node of a cluster'),
      cure: expect.stringContaining('redis+cluster://'),
    })
  })
})

test('a server that is no cluster is reported', async () => {
  const REDIS_URL = inject('redisUrl').replace('redis:', 'redis+cluster:')
  const { resultOf } = await examine({ REDIS_URL })
  expect(resultOf('queue')).toMatchObject({
    status: 'problem',
    cause: 'REDIS_URL names a cluster, but this Redis is none',
  })
})

test('sentinels lead to the primary, and a name that they do not know is reported', async () => {
  const redis = await createRedisSentinel()
  onTestFinished(redis.stop)
  const right = await examine({ REDIS_URL: redis.url })
  expect(right.resultOf('queue')).toMatchObject({ status: 'ok' })
  const wrong = await examine({ REDIS_URL: redis.url.replace('mymaster', 'another') })
  expect(wrong.resultOf('queue')).toMatchObject({
    status: 'problem',
    cause: 'no sentinel in REDIS_URL answers, or none knows a primary of this name',
  })
})

test('a Redis whose CA is not known is explained, and works with the cure', async () => {
  const redis = await createTlsRedis()
  onTestFinished(redis.stop)
  const refused = await examine({ REDIS_URL: redis.url })
  expect(refused.resultOf('queue')).toMatchObject({
    status: 'problem',
    found: expect.stringContaining('self-signed certificate'),
    cause: 'the certificate of the server is signed by a CA that is not known here',
    cure: expect.stringContaining('add sslrootcert=/path/to/ca.pem to REDIS_URL'),
  })
  for (const cure of [`sslrootcert=${redis.certificateFile}`, 'sslmode=no-verify']) {
    const { resultOf } = await examine({ REDIS_URL: `${redis.url}?${cure}` })
    expect(resultOf('queue')).toMatchObject({ status: 'ok' })
  }
})
