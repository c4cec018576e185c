import { randomBytes } from 'node:crypto'
import { readOfficialExample } from '@clerk-sync/events/official-catalogue'
import { Client } from 'pg'
import type { Chain } from './chain.ts'

interface Data {
  [field: string]: unknown
}
/** One of Clerk's own examples. */
export interface Example {
  type: string
  timestamp: number
  instance_id: string
  data: Data & { id: string }
}

export const exampleOf = (type: string) => readOfficialExample(type) as Example

/** Clerk's example with ids of its own: all of its examples share the same few. */
export function freshExample(type: string, tag = randomBytes(4).toString('hex')): Example {
  const { data, ...envelope } = exampleOf(type)
  const fresh = JSON.parse(JSON.stringify(data), (key, value: unknown) =>
    /^id$|_id$/.test(key) && typeof value === 'string' && value !== '' ? `${value}${tag}` : value,
  ) as Example['data']
  return { ...envelope, data: fresh }
}

/** Any row as JSON, with times in UTC. */
async function readRows(chain: Chain, sql: string, parameters: unknown[]): Promise<Data[]> {
  const client = new Client({ connectionString: chain.databaseUrl, options: '-c TimeZone=UTC' })
  await client.connect()
  try {
    const { rows } = await client.query<{ row: Data }>(sql, parameters)
    return rows.map(({ row }) => row)
  } finally {
    await client.end()
  }
}

export const rowsOf = (chain: Chain, table: string, column: string, id: string) =>
  readRows(chain, `SELECT to_jsonb(t) AS row FROM clerk.${table} AS t WHERE ${column} = $1`, [id])
