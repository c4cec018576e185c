import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { createEmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import { createTestDatabase } from '@clerk-sync/testing'
import { injectDrift } from './inject-drift.ts'
import { measureCommand } from './measure-command.ts'

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    'drift-users': { type: 'string', default: '500000' },
    drift: { type: 'string', default: '1000' },
  },
})

const say = (text: string) => process.stdout.write(`${text}\n`)
const users = ['--entities', 'users', '--rate', '0']

const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-bench-'))
const server = await createEmbeddedPostgres({
  dataDir: join(dir, 'data'),
  port: 0,
  password: 'bench',
})
try {
  say(`${cpus().length} cores, ${cpus()[0]?.model ?? ''}; load before: ${loadavg()[0]?.toFixed(1)}`)
  await withClerk(Number(values.users), async (env) => {
    await backfill(env, Number(values.users))
  })
  await withClerk(Number(values['drift-users']), async (env) => {
    await backfill(env, Number(values['drift-users']))
    const db = createDatabase({ url: env['DATABASE_URL'] ?? '', maxConnections: 1 })
    await injectDrift(db, Number(values.drift))
    await db.close()
    await reconcile(env, [])
    await reconcile(env, ['--repair'])
    await reconcile(env, [])
  })
} finally {
  await server.stop()
  await rm(dir, { recursive: true })
}

async function withClerk(
  count: number,
  run: (env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const child = fork(fileURLToPath(new URL('fake-process.ts', import.meta.url)), [String(count)])
  const [clerk] = (await once(child, 'message')) as [{ url: string; secretKey: string }]
  const database = await createTestDatabase(server.url)
  try {
    await migrate(database.url)
    await run({
      DATABASE_URL: database.url,
      CLERK_SECRET_KEY: clerk.secretKey,
      CLERK_API_URL: clerk.url,
    })
  } finally {
    child.disconnect()
    await database.drop()
  }
}

async function backfill(env: Record<string, string>, count: number): Promise<void> {
  const done = await measureCommand(['backfill', ...users], env)
  if (done.code !== 0) throw new Error(`backfill ended with ${done.code}`)
  say(
    `backfill of ${count} users: ${done.seconds.toFixed(1)} s, ${Math.round(count / done.seconds)} users/s, at most ${done.peakMegabytes} MB; load ${loadavg()[0]?.toFixed(1)}`,
  )
}

async function reconcile(env: Record<string, string>, options: string[]): Promise<void> {
  const done = await measureCommand(
    ['reconcile', '--json', '--max-deletes', '1%', ...users, ...options],
    env,
  )
  const found = JSON.parse(done.stdout) as {
    drift: number
    entities: { drift: object; repaired: number }[]
  }
  const [entity] = found.entities
  say(
    `reconcile ${options.join(' ')}: ${done.seconds.toFixed(1)} s, drift left ${JSON.stringify(entity?.drift)}, repaired ${entity?.repaired}, at most ${done.peakMegabytes} MB; load ${loadavg()[0]?.toFixed(1)}`,
  )
}
