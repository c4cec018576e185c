import { retry } from '@clerk-sync/ops'
import type { Client } from 'pg'
import { connect, faultsName } from '../postgres.ts'
import type { Scene } from '../scene.ts'
import { aMoment, noDisk } from './fault.ts'
import type { Fault } from './fault.ts'

const tables = [
  'users',
  'organizations',
  'organization_memberships',
  'webhook_events',
  'tombstones',
]
const mostConnections = 200
// What the server needs for it may be taken by the fault of another sequence.
const patiently = { firstDelayMs: 250, timeoutMs: 60_000 }
const tooManyConnections = '53300'

export const postgresFaults: readonly Fault[] = [
  {
    kind: 'PostgreSQL killed',
    play: ({ postgres }) => postgres.restart('SIGKILL'),
  },
  {
    kind: 'PostgreSQL restarted',
    play: ({ postgres }) => postgres.restart('SIGINT'),
  },
  {
    kind: 'PostgreSQL stopped and continued',
    async play({ postgres }, random, wait) {
      postgres.signal('SIGSTOP', 'all')
      await wait(aMoment(random))
      postgres.signal('SIGCONT', 'all')
    },
  },
  {
    kind: 'connections ended by PostgreSQL',
    async play({ postgres }) {
      await retry(
        () =>
          postgres.query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
          ),
        patiently,
      )
    },
  },
  {
    kind: 'PostgreSQL without free connections',
    async play({ postgres }, random, wait) {
      const release = await takeConnections(postgres.url)
      await wait(aMoment(random))
      await release()
    },
  },
  {
    kind: 'table locked',
    async play(scene, random, wait) {
      const release = await holdTable(scene, random.pick(tables))
      await wait(random.between(1_000, 12_000))
      await release()
    },
  },
  {
    kind: 'disk of PostgreSQL full',
    impossible: ({ postgres }) => (postgres.disk ? undefined : noDisk),
    async play({ postgres }, random, wait) {
      postgres.disk?.fill()
      await wait(aMoment(random))
      postgres.disk?.free()
      await postgres.ensureRunning()
    },
  },
]

/** Makes everyone else wait who reads or writes the table, until it is released. */
export async function holdTable({ postgres }: Scene, table: string): Promise<() => Promise<void>> {
  const holder = await retry(() => lockTable(postgres.url, table), patiently)
  return () => end(holder)
}

async function lockTable(url: string, table: string): Promise<Client> {
  const holder = await connect(url)
  try {
    // Without the limit it could be one in a deadlock.
    await holder.query(
      `SET lock_timeout = '5s'; BEGIN; LOCK TABLE clerk.${table} IN ACCESS EXCLUSIVE MODE`,
    )
    return holder
  } catch (error) {
    await end(holder)
    throw error
  }
}

// Those that the processes have are ended, so that they have to ask for new ones.
async function takeConnections(url: string): Promise<() => Promise<void>> {
  const taken: Client[] = []
  try {
    const first = await retry(() => connect(url), patiently)
    taken.push(first)
    await takeFree(url, taken)
    await first.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name <> '${faultsName}' AND backend_type = 'client backend'`)
    await takeFree(url, taken)
    return async () => void (await Promise.all(taken.map(end)))
  } catch (error) {
    await Promise.all(taken.map(end))
    throw error
  }
}

async function takeFree(url: string, taken: Client[]): Promise<void> {
  while (taken.length < mostConnections) {
    try {
      taken.push(await connect(url))
    } catch (error) {
      if (isTooManyConnections(error)) return
      throw error
    }
  }
  throw new Error(`PostgreSQL still has free connections after ${mostConnections}`)
}

const isTooManyConnections = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === tooManyConnections

async function end(client: Client): Promise<void> {
  await client.end().catch(() => undefined)
}
