import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk, FakeClerkOptions } from '@clerk-sync/fake-clerk'
import { childEnvironment } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A fake Clerk, a migrated database of its own, and the commands between them. */
export interface Scene {
  readonly fake: FakeClerk
  readonly env: Record<string, string>
  /** Starts `clerk-sync` with these arguments as a process of its own. */
  readonly start: (args: readonly string[], env?: Record<string, string>) => Run
  /** Runs it to its end. */
  readonly run: (args: readonly string[], env?: Record<string, string>) => Promise<Ended>
  readonly query: <Row extends object>(sql: string) => Promise<Row[]>
}

export interface Run {
  /** What it has written so far. */
  readonly output: { readonly stdout: string; readonly stderr: string }
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function createScene(options: FakeClerkOptions = {}): Promise<Scene> {
  const fake = await createFakeClerk(options)
  onTestFinished(() => fake.close())
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const db = createDatabase({ url: database.url, maxConnections: 2 })
  onTestFinished(() => db.close())
  const env = {
    DATABASE_URL: database.url,
    CLERK_SECRET_KEY: fake.secretKey,
    CLERK_API_URL: fake.url,
  }
  const start: Scene['start'] = (args, more = {}) => startCommand(args, { ...env, ...more })
  return {
    fake,
    env,
    start,
    run: (args, more) => start(args, more).ended,
    query: (sql) => db.query(sql),
  }
}

/** The scene's Clerk as an API that has none of these paths, and does not answer as Clerk does there. */
export async function serveInstead({ fake }: Scene, lacking: readonly string[]): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', fake.url)
    if (lacking.includes(url.pathname)) {
      response.writeHead(404).end('404 Not Found')
      return
    }
    fetch(url, { headers: { authorization: `Bearer ${fake.secretKey}` } })
      .then(async (found) => response.writeHead(found.status).end(await found.text()))
      .catch(() => response.destroy())
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts `clerk-sync` with these variables and no others of ours. */
export function startCommand(args: readonly string[], env: Record<string, string>): Run {
  const child = spawn(process.execPath, [main, ...args], {
    env: childEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  }
  const closed = once(child, 'close') as Promise<[number | null]>
  return {
    output,
    kill: (signal) => void child.kill(signal),
    ended: closed.then(([code]) => ({ code, ...output })),
  }
}

/** Holds the answer to this page until it is let go; `reached` resolves when it is asked for. */
export function holdPage({ fake }: Scene, list: string, page: number) {
  const reached = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const stop = fake.faults.beforeAnswer(list, async (answering) => {
    if (answering.page !== page) return
    reached.resolve()
    await letGo.promise
  })
  onTestFinished(() => letGo.resolve())
  return {
    reached: reached.promise,
    letGo() {
      stop()
      letGo.resolve()
    },
  }
}
