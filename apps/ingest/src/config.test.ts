import { createSigningSecret } from '@clerk-sync/events'
import { describe, expect, test } from 'vitest'
import { ingestVariables, readIngestConfig } from './config.ts'

const complete = {
  CLERK_WEBHOOK_SIGNING_SECRET: createSigningSecret(),
  REDIS_URL: 'redis://localhost:6379',
}

test('a signing secret and a Redis are enough', () => {
  expect(readIngestConfig(complete)).toMatchObject({
    PORT: 3000,
    HOST: '0.0.0.0',
    secrets: [expect.anything()],
    queue: { kind: 'redis', address: { node: { host: 'localhost', port: 6379 } } },
    instanceId: undefined,
    enqueueTimeoutMs: 10_000,
    maxConnections: 1_000,
    maxRequestsWaiting: 500,
    maxBodyMemoryBytes: 67_108_864,
    ackDurability: 'enqueued',
  })
})

test('without Redis the queue is in the database', () => {
  const env = { ...complete, REDIS_URL: '', DATABASE_URL: 'postgresql://localhost/app' }
  expect(readIngestConfig(env).queue).toMatchObject({ kind: 'postgres' })
})

test('several secrets may sign', () => {
  const three = [1, 2, 3].map(createSigningSecret)
  for (const text of [three.join(' '), three.join(','), three.join(',\n ')]) {
    const env = { ...complete, CLERK_WEBHOOK_SIGNING_SECRET: text }
    expect(readIngestConfig(env).secrets).toHaveLength(3)
  }
})

test('all missing and wrong variables are named together', () => {
  expect(() => readIngestConfig({ PORT: 'http' })).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: settings are missing or wrong:
      CLERK_WEBHOOK_SIGNING_SECRET is not set. Example: CLERK_WEBHOOK_SIGNING_SECRET=whsec_c2VjcmV0IGZyb20gdGhlIENsZXJrIGRhc2hib2FyZA==
      PORT must be a port. Example: PORT=3000
      REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379]
  `)
})

test('SYNC_ENTITIES and SYNC_FIELDS are read, and a field of an entity that is left out is named with all other problems', () => {
  const env = { ...complete, SYNC_ENTITIES: 'users, sessions', SYNC_FIELDS: '-users.image_url' }
  const { kept } = readIngestConfig(env)
  expect(kept.entities.map(({ table }) => table)).toEqual(['users', 'sessions'])
  expect(kept.effectOf('organization.created').action).toBe('leave')
  expect(readIngestConfig(complete).kept.effectOf('session.created').action).toBe('leave')
  const wrong = { ...complete, PORT: 'http', SYNC_FIELDS: 'sessions.latest_activity' }
  expect(() => readIngestConfig(wrong)).toThrow(
    /\n {2}PORT must be a port\..*\n {2}SYNC_FIELDS names sessions.latest_activity, but SYNC_ENTITIES leaves sessions out$/,
  )
})

test('a missing queue is named when nothing else is wrong', () => {
  expect(() => readIngestConfig({ ...complete, REDIS_URL: '' })).toThrow(
    /^settings are missing:\n {2}REDIS_URL is not set, and no DATABASE_URL either/,
  )
})

test('a queue with a wrong URL is not reported as missing', () => {
  expect(() => readIngestConfig({ ...complete, REDIS_URL: 'localhost' })).toThrow(
    /^settings are wrong:\n {2}REDIS_URL must be a redis:[^\n]*$/,
  )
})

describe('a malformed secret', () => {
  const good = createSigningSecret()
  test.each([
    ['is not base64', 'whsec_s3cret!s3cret', 'signing secret 1 of 1 is not base64'],
    ['is a Clerk API key', 'sk_test_s3crets3crets3cret', 'signing secret 1 of 1 is not base64'],
    ['is empty', 'whsec_', 'signing secret 1 of 1 is empty after whsec_'],
    ['is the second', `${good},whsec_s3cret!`, 'signing secret 2 of 2 is not base64'],
    ['is no secret at all', ' , ', 'no signing secret given'],
  ])('that %s is refused, and not shown', (_, text, problem) => {
    const env = { ...complete, CLERK_WEBHOOK_SIGNING_SECRET: text }
    expect(() => readIngestConfig(env)).toThrow(`CLERK_WEBHOOK_SIGNING_SECRET is wrong: ${problem}`)
    expect(() => readIngestConfig(env)).not.toThrow(/s3cret/)
    expect(() => readIngestConfig(env)).not.toThrow(good)
  })
})

test('the example of the secret is valid, and is not a real one', () => {
  const { example } = ingestVariables.CLERK_WEBHOOK_SIGNING_SECRET
  expect(
    readIngestConfig({ ...complete, CLERK_WEBHOOK_SIGNING_SECRET: example }).secrets,
  ).toHaveLength(1)
  expect(atob(example.replace('whsec_', ''))).toBe('secret from the Clerk dashboard')
})
