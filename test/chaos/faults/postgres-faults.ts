import { Client } from 'pg'
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
      await postgres.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
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
  const holder = await connect(postgres.url)
  // Without the limit it could be one in a deadlock.
  await holder.query(
    `SET lock_timeout = '5s'; BEGIN; LOCK TABLE clerk.${table} IN ACCESS EXCLUSIVE MODE`,
  )
  return () => end(holder)
}

// Those that the processes have are ended, so that they have to ask for new ones.
async function takeConnections(url: string): Promise<() => Promise<void>> {
  const first = await connect(url)
  const taken = [first, ...(await takeFree(url))]
  await first.query(`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name <> '${holderName}' AND backend_type = 'client backend'`)
  taken.push(...(await takeFree(url)))
  return async () => void (await Promise.all(taken.map(end)))
}

async function takeFree(url: string): Promise<Client[]> {
  const taken: Client[] = []
  while (taken.length < mostConnections) {
    const client = await connect(url).catch(() => undefined)
    if (!client) break
    taken.push(client)
  }
  return taken
}

const holderName = 'clerk-sync chaos'

async function connect(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: holderName,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function end(client: Client): Promise<void> {
  await client.end().catch(() => undefined)
}
