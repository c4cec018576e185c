import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyChanges } from '../src/index.ts'
import {
  buildEventJob,
  changeFromEvent,
  eventTypes,
  everything,
  minimise,
  parseEnvelope,
  readRow,
  selectKept,
} from '@clerk-sync/events'
import type { Column, Entity, EventChange, Row } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { freshId } from './build-change.ts'
import { defaultRules, useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers
const kept = selectKept(everything)
const types = eventTypes.filter((type) => kept.effectOf(type).action === 'upsert')

/** JSON texts that Clerk never documented. */
const oddTexts = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1.5',
  '1e400',
  '-62135596800000',
  '253402300800000',
  '8640000000000001',
  '9007199254740993',
  '9223372036854775808',
  '0.1234567890123456789',
  '""',
  '"text"',
  '"12.50"',
  '"2025-10-22T00:13:53Z"',
  '"0000-00-00"',
  '"\\u0000\\ud800"',
  '[]',
  '{}',
  '[[]]',
  '[null,{},"text",{"id":7},{"id":""}]',
  '{"id":null}',
  '{"__proto__":{"id":"x"},"constructor":1}',
  JSON.stringify(longText(5_000)),
  `[{"id":${JSON.stringify(longText(5_000))}}]`,
  `${'['.repeat(4_090)}1${']'.repeat(4_090)}`,
]
const oddText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
)

// PostgreSQL could compress a text that repeats itself until an index holds it.
function longText(length: number): string {
  let seed = 1
  return Array.from({ length }, () => {
    seed = (seed * 48_271) % 2_147_483_647
    return (seed % 36).toString(36)
  }).join('')
}

type Path = readonly (string | number)[]

/** Every place in the value, of objects and lists too. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Object.entries(value).flatMap(([key, one]) =>
    placesIn(one, [...path, Array.isArray(value) ? Number(key) : key]),
  )
  return path.length === 0 ? inner : [path, ...inner]
}

const placeholder = '\u2400odd\u2400'

function withOdd(value: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return placeholder
  if (Array.isArray(value)) {
    return value.map((one: unknown, index) => (index === step ? withOdd(one, rest) : one))
  }
  const object = value as { [key: string]: unknown }
  return { ...object, [step]: withOdd(object[step], rest) }
}

interface Case {
  readonly entity: Entity
  readonly id: string
  readonly place: string
  readonly odd: string
  readonly data: { [field: string]: unknown }
  readonly change: EventChange
}

function buildCase(type: string, pick: number, odd: string): Case {
  const effect = kept.effectOf(type)
  if (effect.action !== 'upsert') throw new Error(`${type} writes no row`)
  const { entity } = effect
  const sample = buildSample(type as (typeof eventTypes)[number], { id: freshId(entity.name) })
  const { data } = sample
  const places = placesIn(minimise(entity, data)).filter((path) => path.join('.') !== 'id')
  const path = places[pick % places.length] ?? []
  const text = JSON.stringify({ ...sample, data: withOdd(data, path) })
  const body = text.replace(`"${placeholder}"`, () => odd)
  const envelope = parseEnvelope(Buffer.from(body))
  const delivery = { svixId: freshId('msg'), svixTimestamp: 1_795_885_963, receivedAt: Date.now() }
  const job = envelope && buildEventJob(kept, envelope, delivery)
  // As the queue does it.
  const change = changeFromEvent(kept, JSON.parse(JSON.stringify(job)))
  const place = path.filter((step) => typeof step === 'string').join('.')
  return { entity, id: String(data['id']), place, odd, data, change }
}

const overlaps = (place: string, read: string) => {
  const path = read.replaceAll('[]', '')
  return path === place || path.startsWith(`${place}.`) || place.startsWith(`${path}.`)
}

const otherColumns = (columns: readonly Column[], place: string) =>
  columns.filter(({ reads }) => !reads.some((read) => overlaps(place, read)))

function shown(columns: readonly Column[], row: Row | undefined) {
  return columns.map(({ name, type }) => {
    const value = row?.[name] ?? null
    return [name, type === 'timestamptz' && typeof value === 'string' ? Date.parse(value) : value]
  })
}

async function rowOf({ entity, id }: Case): Promise<Row | undefined> {
  const [found] = await db.query<{ row: Row }>(
    `SELECT to_jsonb(t) AS row FROM clerk.${entity.table} AS t WHERE id = $1`,
    id,
  )
  return found?.row
}

async function childrenOf({ entity, id }: Case) {
  return Promise.all(
    entity.children.map(async ({ table, parentColumn }) => {
      const rows = await db.query<{ row: Row }>(
        `SELECT to_jsonb(t) AS row FROM clerk.${table} AS t WHERE ${parentColumn} = $1 ORDER BY id`,
        id,
      )
      return rows.map(({ row }) => row)
    }),
  )
}

describe.each(types)('%s', (type) => {
  test('is written whatever stands in one field, and its other columns are as they should be', async () => {
    const some = fc.array(fc.tuple(fc.nat(10_000), oddText), {
      minLength: 20,
      maxLength: 40,
      size: 'max',
    })
    await fc.assert(
      fc.asyncProperty(some, async (given) => {
        const cases = given.map(([pick, odd]) => buildCase(type, pick, odd))
        const results = await applyChanges(
          db,
          cases.map(({ change }) => change),
          defaultRules,
        )
        for (const [index, one] of cases.entries()) {
          const about = `${one.place} = ${one.odd.slice(0, 60)}`
          const result = results[index]
          const told = result && !result.ok ? result.error : result?.outcome
          expect([about, told]).toEqual([about, 'applied'])
          const { value } = readRow(one.entity, one.data)
          const columns = otherColumns(one.entity.columns, one.place)
          expect([about, shown(columns, await rowOf(one))]).toEqual([
            about,
            shown(columns, value.row),
          ])
          for (const [place, rows] of (await childrenOf(one)).entries()) {
            const child = one.entity.children[place]
            const isOther = child && !overlaps(one.place, child.items)
            if (!isOther) continue
            const own = otherColumns(child.columns, one.place)
            const reads = own.filter(({ reads: paths }) => !paths.includes(`../${one.place}`))
            const expected = value.children[child.table] ?? []
            expect([about, rows.map((row) => shown(reads, row))]).toEqual([
              about,
              expected.map((row) => shown(reads, row)),
            ])
          }
        }
      }),
      { numRuns: 3 },
    )
  })
})
