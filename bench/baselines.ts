import { createServer } from 'node:http'
import { createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { prismaOf } from '@clerk-sync/db/prisma'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Queue, Worker } from 'bullmq'
import type { Job } from 'bullmq'
import { clerkWebhooks } from 'clerk-sync/fastify'
import { Redis } from 'ioredis'
import { Webhook } from 'standardwebhooks'

// What people run without clerk-sync, as the public guides write it, and programs that do nothing: the
// ceilings; and an application with the handler of the package. Each is a process of its own; its first
// argument says which.

interface UserData {
  id: string
  first_name: string | null
  last_name: string | null
  image_url: string | null
  updated_at: number
  email_addresses: { email_address: string }[]
}

interface UserEvent {
  type: string
  data: UserData
}

const { env } = process
const [, , name = ''] = process.argv
const webhookPath = '/api/webhooks/clerk'
const prefix = '{clerk-sync}'
const queueName = 'clerk-events'

const programs: { [name: string]: () => Promise<unknown> } = {
  constant: () => listen((app) => app.post(webhookPath, () => ({ received: true }))),
  // Verifies the raw bytes and puts the event into a queue; answers when Redis has it.
  'plain-handler': () => {
    const queue = new Queue(queueName, { connection: connectRedis(), prefix })
    return listen((app) =>
      app.post(webhookPath, async (request) => {
        const event = verify(request)
        const jobId = String(request.headers['svix-id'])
        await queue.add(event.type, event, { jobId, attempts: 5 })
        return { received: true }
      }),
    )
  },
  // Verifies, and writes the row within the request.
  'guide-handler': () =>
    listen((app) =>
      app.post(webhookPath, async (request) => {
        await upsertUser(verify(request).data, String(request.headers['svix-id']))
        return { received: true }
      }),
    ),
  // Writes the row within the request, too: requests that overlap share a transaction.
  'package-handler': () => listen((app) => app.register(clerkWebhooks, { path: webhookPath })),
  // A worker that does nothing with its jobs.
  'idle-worker': () => work(async () => undefined),
  // A worker that looks whether the event is known, writes the row, and writes down the event.
  'guide-worker': () =>
    work(async ({ id: svixId = '', name: type, data }) => {
      const known = await database().webhookEvent.findUnique({ where: { id: svixId } })
      if (known) return
      const event = data as { data: UserData; occurredAt: number; receivedAt: number }
      await upsertUser(event.data, svixId)
      await database().webhookEvent.create({
        data: {
          id: svixId,
          type,
          entity_id: event.data.id,
          outcome: 'applied',
          occurred_at: new Date(event.occurredAt),
          received_at: new Date(event.receivedAt),
        },
      })
    }),
}

await programs[name]?.()
createServer((_, response) => response.end('ready')).listen(Number(env['READY_PORT']), '127.0.0.1')
process.on('SIGTERM', () => process.exit())

async function listen(addRoute: (app: FastifyInstance) => unknown): Promise<void> {
  const app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  addRoute(app)
  await app.listen({ port: Number(env['PORT']), host: '127.0.0.1' })
}

function verify(request: FastifyRequest): UserEvent {
  const secret = (env['CLERK_WEBHOOK_SIGNING_SECRET'] ?? '').replace('whsec_', '')
  const header = (part: string) => String(request.headers[`svix-${part}`])
  return new Webhook(secret).verify(request.body as Buffer, {
    'webhook-id': header('id'),
    'webhook-timestamp': header('timestamp'),
    'webhook-signature': header('signature'),
  }) as UserEvent
}

function connectRedis(): Redis {
  return new Redis(env['REDIS_URL'] ?? '', { maxRetriesPerRequest: null })
}

async function work(processJob: (job: Job) => Promise<unknown>): Promise<void> {
  const worker = new Worker(queueName, processJob, {
    connection: connectRedis(),
    prefix,
    concurrency: Number(env['CONCURRENCY']),
    removeOnComplete: { count: 0 },
  })
  await worker.waitUntilReady()
}

let db: Database | undefined

function database() {
  db ??= createDatabase({ url: env['DATABASE_URL'] ?? '', maxConnections: 10 })
  return prismaOf(db)
}

async function upsertUser(user: UserData, svixId: string): Promise<void> {
  const row = {
    first_name: user.first_name,
    last_name: user.last_name,
    image_url: user.image_url,
    primary_email_address: user.email_addresses[0]?.email_address ?? null,
    updated_at: new Date(user.updated_at),
    event_occurred_at: new Date(user.updated_at),
    event_id: svixId,
  }
  const { id } = user
  await database().user.upsert({ where: { id }, create: { id, ...row }, update: row })
}
