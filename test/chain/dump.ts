import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { Client } from 'pg'
import type { Chain } from './chain.ts'
import type { Person } from './person.ts'

/** Everything that a deployment knows, as text. */
export interface Dump {
  /** Every row of every table, those of a queue on PostgreSQL included. */
  readonly database: string
  /** Every key of a queue on Redis, with all of its content. */
  readonly redis: string
  readonly log: string
}

export async function dumpAll(chain: Chain, opened: OpenQueue): Promise<Dump> {
  return {
    database: await dumpDatabase(chain.databaseUrl),
    redis: await dumpRedis(chain, opened),
    log: chain.readLog(),
  }
}

// Not pg_dump: an older one than the server refuses to work.
async function dumpDatabase(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(`
      SELECT format('%I.%I', nspname, relname) AS name
      FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE relkind IN ('r', 'm') AND nspname !~ '^(pg_|information_schema$)'`)
    const lines: string[] = []
    for (const { name } of tables.rows) {
      const rows = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`)
      lines.push(...rows.rows.map(({ row }) => `${name} ${row}`))
    }
    return lines.join('\n')
  } finally {
    await client.end()
  }
}

// One script, so that it is one moment; a type that it does not know makes it fail.
const readKeys = `
  local found = {}
  for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
    local commands = {
      string = { 'GET', key },
      hash = { 'HGETALL', key },
      list = { 'LRANGE', key, 0, -1 },
      set = { 'SMEMBERS', key },
      zset = { 'ZRANGE', key, 0, -1, 'WITHSCORES' },
      stream = { 'XRANGE', key, '-', '+' },
    }
    local command = commands[redis.call('TYPE', key).ok]
    table.insert(found, { key, redis.call(unpack(command)) })
  end
  return found`

async function dumpRedis({ queue }: Chain, opened: OpenQueue): Promise<string> {
  if (queue.kind !== 'redis') return ''
  const client = await bullQueueOf(opened).getBackend().client
  client.defineCommand('readKeys', { numberOfKeys: 0, lua: readKeys })
  return JSON.stringify(await client.runCommand('readKeys', [queue.prefix]))
}

/** Which of these texts are in the dump, in whatever case, each with the place where it is. */
export function search(dump: Dump, texts: Iterable<string>): string[] {
  const places = Object.entries(dump).map(([place, text]) => [place, text.toLowerCase()] as const)
  return [...texts].flatMap((text) =>
    places.flatMap(([place, all]) =>
      all.includes(text.toLowerCase()) ? [`${text} in the ${place}`] : [],
    ),
  )
}

/** All that could tell of a person. */
export const textsOf = (person: Person) => [
  person.tag,
  ...person.kept.values(),
  ...person.neverKept.values(),
]

/** The kinds of kept data that are nowhere. */
export function missingIn(dump: Dump, person: Person): string[] {
  const missing = [...person.kept].filter(([, text]) => search(dump, [text]).length === 0)
  return missing.map(([kind]) => kind)
}
