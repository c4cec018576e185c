import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { createSigningSecret } from '@clerk-sync/events'
import type { Choice } from '@clerk-sync/events'
import { readIngestConfig, startIngest } from '@clerk-sync/ingest'
import { createLogger } from '@clerk-sync/ops/process'
import { locateQueue, migrateQueue } from '@clerk-sync/queue'
import { saveSettings } from '@clerk-sync/sync'
import { freePort } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import { buildChecks } from '../../src/doctor/build-checks.ts'
import type { Result } from '../../src/doctor/check.ts'
import { createQuote } from '../../src/doctor/wording.ts'
import { renderReport } from '../../src/doctor/report.ts'
import { runChecks } from '../../src/doctor/check.ts'

/** The settings of a deployment in which everything is fine, on a database of its own. */
export async function createSettings(): Promise<Record<string, string>> {
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  await migrateQueue(locateQueue({ redisUrl: undefined, databaseUrl: database.url }))
  const clerk = await serve(answerAsClerk())
  return {
    DATABASE_URL: database.url,
    CLERK_WEBHOOK_SIGNING_SECRET: createSigningSecret(),
    CLERK_INSTANCE_ID: 'ins_test',
    CLERK_SECRET_KEY: 'sk_test_right',
    CLERK_API_URL: clerk,
    BOARD_USER: 'admin',
    BOARD_PASSWORD: 'twelve or more',
  }
}

export interface Examined {
  /** As a pipe gets it. */
  readonly text: string
  readonly resultOf: (name: string) => Result
}

/** Runs all checks on these settings. */
export async function examine(
  env: Record<string, string>,
  { endpoint, timeoutMs }: { endpoint?: string; timeoutMs?: number } = {},
): Promise<Examined> {
  const quote = createQuote(env)
  const opened: Database[] = []
  const checks = buildChecks({
    env,
    openDatabase(url) {
      const db = createDatabase({ url, maxConnections: 3 })
      opened.push(db)
      return db
    },
    endpoint,
    quote,
  })
  const results = await runChecks(checks, quote, timeoutMs)
  await Promise.all(opened.map((db) => db.close()))
  const report = { subject: 'test', results }
  return {
    text: renderReport(report, { symbols: false, colours: false }),
    resultOf(name) {
      const result = results.find((one) => one.name === name)
      if (!result) throw new Error(`no check is named ${name}`)
      return result
    },
  }
}

/** Serves HTTP on this machine until the end of the test; gives the URL. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Clerk's `/v1/instance`, with a clock that is ahead. */
export function answerAsClerk({ aheadMs = 0 } = {}): RequestListener {
  return (request, response) => {
    response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString())
    response.setHeader('content-type', 'application/json')
    if (isAllowed(request)) return response.end('{"object":"instance","id":"ins_test"}')
    response.statusCode = 401
    return response.end('{"errors":[{"code":"authentication_invalid"}]}')
  }
}

const isAllowed = ({ url, headers }: IncomingMessage) =>
  url === '/v1/instance' && headers.authorization === 'Bearer sk_test_right'

/** The same URL with one part of it changed. */
export function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url)
  change(copy)
  return copy.href
}

/** Runs one command on a Redis. */
export async function callRedis(url: string, command: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.end(`${command}\r\n`)
  const [reply] = (await once(socket, 'data')) as [Buffer]
  return reply.toString()
}

/** Ingest with these settings until the end of the test; gives its webhook's URL. */
export async function runIngest(env: Record<string, string>): Promise<string> {
  const port = await freePort()
  const config = readIngestConfig({ ...env, PORT: String(port), HOST: '127.0.0.1' })
  const logger = createLogger({ name: 'test', level: 'silent' })
  const ingest = await startIngest(config, { logger, registry: new Registry() })
  onTestFinished(() => ingest.close())
  return ingest.webhookUrl
}

/** Runs statements on a database. */
export async function execute(url: string, ...statements: string[]): Promise<void> {
  const db = createDatabase({ url, maxConnections: 1 })
  for (const sql of statements) await db.query(sql)
  await db.close()
}

/** Writes down what is kept, as the worker does when it starts. */
export async function saveChoice(url: string, choice: Choice): Promise<void> {
  const db = createDatabase({ url, maxConnections: 1 })
  await saveSettings(db, { deletionPolicy: 'erase', choice })
  await db.close()
}

/** Puts an event into the ledger that arrived so long ago. */
export const rememberEvent = (age: string) => `
  INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at, changed_columns)
  VALUES ('msg_1', 'user.updated', 'applied', now(), now() - interval '${age}', '{}')`
