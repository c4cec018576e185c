import { isDeepStrictEqual } from 'node:util'
import { readRow } from '@clerk-sync/events'
import { wellFormed } from '@clerk-sync/ops'
import type { ClerkObject, Entity, Row } from '@clerk-sync/events'
import type { Scene } from './scene.ts'

type Table = Map<string, Row>

/**
 * How the rows that are not deleted and their child rows differ from what the fake lists. Removes the
 * faults of the fake.
 */
export async function differences(scene: Scene): Promise<unknown[]> {
  scene.fake.faults.clear()
  const found: unknown[] = []
  for (const entity of scene.entities) {
    const expected = expectedTables(entity, await readAll(scene, entity))
    for (const [table, rows] of await readTables(scene, entity)) {
      const other = expected.get(table) ?? new Map<string, Row>()
      for (const key of new Set([...rows.keys(), ...other.keys()])) {
        const [here, clerk] = [rows.get(key), other.get(key)]
        if (!isDeepStrictEqual(here, clerk)) found.push({ table, key, here, clerk })
      }
    }
  }
  return found
}

async function readAll({ fake }: Scene, entity: Entity): Promise<ClerkObject[]> {
  const objects: ClerkObject[] = []
  for (;;) {
    const url = `${fake.url}/v1${entity.api?.list}?limit=500&offset=${objects.length}`
    const headers = { authorization: `Bearer ${fake.secretKey}` }
    const body = (await (await fetch(url, { headers })).json()) as
      | ClerkObject[]
      | { data: ClerkObject[] }
    const page = Array.isArray(body) ? body : body.data
    objects.push(...page)
    if (page.length < 500) return objects
  }
}

function expectedTables(entity: Entity, objects: readonly ClerkObject[]): Map<string, Table> {
  const read = objects.map((object) => {
    const { value } = readRow(entity, wellFormed(object))
    return { object, ...value }
  })
  const children = entity.children.map(({ table, parentColumn }) => {
    const rows = read.flatMap(({ object, children: own }) =>
      (own[table] ?? []).map((row) => ({ ...row, [parentColumn]: object['id'] })),
    )
    return [table, byId(rows)] as const
  })
  const own = read.map(({ object, row }) => ({
    ...shown(row),
    id: object['id'],
    updated_at: new Date(Number(object['updated_at'])).toISOString(),
  }))
  return new Map([[entity.table, byId(own)], ...children])
}

async function readTables({ query }: Scene, entity: Entity): Promise<Map<string, Table>> {
  const rows = await query<{ row: Row }>(
    `SELECT to_jsonb(known) AS row FROM clerk.${entity.table} AS known WHERE deleted_at IS NULL`,
  )
  const names = entity.columns.map(({ name }) => name)
  const times = entity.columns.filter(({ type }) => type === 'timestamptz').map(({ name }) => name)
  const own = rows.map(({ row }) => {
    const kept = Object.fromEntries(
      ['id', 'updated_at', ...names].map((name) => {
        const isTime = name === 'updated_at' || times.includes(name)
        return [name, isTime ? toIso(row[name]) : row[name]]
      }),
    )
    return shown(kept)
  })
  const tables = new Map([[entity.table, byId(own)]])
  for (const { table, parentColumn } of entity.children) {
    const children = await query<{ row: Row }>(
      `SELECT to_jsonb(child) AS row FROM clerk.${table} AS child WHERE NOT EXISTS (
         SELECT FROM clerk.${entity.table} AS dead
         WHERE dead.id = child.${parentColumn} AND dead.deleted_at IS NOT NULL
       )`,
    )

    tables.set(table, byId(children.map(({ row }) => row)))
  }
  return tables
}

// Clerk's lists do not say who accepted an invitation, its events do.
const shown = (row: Row): Row => ('inviter_id' in row ? { ...row, user_id: null } : row)

const toIso = (time: unknown) => (typeof time === 'string' ? new Date(time).toISOString() : time)

function byId(rows: readonly Row[]): Table {
  const keyed = rows.map(
    (row) => [JSON.stringify([row['user_id'] ?? row['role_id'], row['id']]), row] as const,
  )
  return new Map(keyed.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
