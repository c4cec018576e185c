import { migrate } from '@clerk-sync/db/migrate'
import { createDatabase } from '@clerk-sync/db'
import { createSigningSecret } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { readIngestConfig, startIngest } from '@clerk-sync/ingest'
import { withTablesSchema } from '@clerk-sync/ops'
import { createLogger } from '@clerk-sync/ops/process'
import { migrateQueue } from '@clerk-sync/queue'
import { createTestDatabase } from '@clerk-sync/testing'
import { readWorkerConfig, startWorker } from '@clerk-sync/worker'
import { Registry } from 'prom-client'
import { expect, inject, onTestFinished, test } from 'vitest'
import { backends, until } from './chain.ts'
import type { Backend } from './chain.ts'
import { send } from './send.ts'

const secret = createSigningSecret()

/** Ingest and worker with this schema, all else being the same. */
async function deploy(backend: Backend, databaseUrl: string, schema: string) {
  const env = {
    TABLES_SCHEMA: schema,
    DATABASE_URL: databaseUrl,
    // No other test has its queue there.
    ...(backend === 'redis' ? { REDIS_URL: `${inject('redisUrl')}/13` } : {}),
    CLERK_WEBHOOK_SIGNING_SECRET: secret,
    HOST: '127.0.0.1',
  }
  const url = withTablesSchema(databaseUrl, schema)
  await migrate(url)
  const ingestConfig = { ...readIngestConfig(env), PORT: 0 }
  await migrateQueue(ingestConfig.queue)
  const logger = createLogger({ name: 'test', level: 'silent' })
  const ingest = await startIngest(ingestConfig, { logger, registry: new Registry() })
  onTestFinished(() => ingest.close())
  const worker = await startWorker(readWorkerConfig(env), { logger, registry: new Registry() })
  onTestFinished(() => worker.close())
  const db = createDatabase({ url, maxConnections: 1 })
  onTestFinished(() => db.close())
  return {
    db,
    send: (event: unknown, svixId: string) => send(ingest.webhookUrl, secret, event, { svixId }),
  }
}

test.each(backends)(
  'two deployments in one database, with the queue on %s, have tables and a queue of their own',
  async (backend) => {
    const database = await createTestDatabase(inject('databaseUrl'))
    onTestFinished(() => database.drop())
    const deployments = [
      await deploy(backend, database.url, 'clerk'),
      await deploy(backend, database.url, 'production'),
    ]
    // One svix-id and one user in both: nothing but the schema tells them apart.
    const svixId = `msg_${backend}schemaschemaschema`
    const names = ['Ada', 'Grace']
    for (const [index, { send: sendTo }] of deployments.entries()) {
      const event = buildSample('user.created', { id: 'user_same' })
      Object.assign(event.data, { first_name: names[index] })
      expect((await sendTo(event, svixId)).status).toBe(200)
    }
    for (const [index, { db }] of deployments.entries()) {
      const row = await until(async () => {
        const [user] = await db.query(
          'SELECT first_name FROM clerk.users WHERE id = $1',
          'user_same',
        )
        return user
      })
      expect(row).toEqual({ first_name: names[index] })
    }
  },
)
