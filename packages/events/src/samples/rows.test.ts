import { everything, selectKept } from '../entities/kept.ts'
import { isClerkObject, readConcerned } from '../entities/column.ts'
import { minimise } from '../webhooks/event-job.ts'
import { readRow } from '../read-row.ts'
import { describe, expect, test } from 'vitest'
import { eventTypes } from '../webhooks/event-types.ts'
import { buildSample } from './build-sample.ts'
import { officialTypes, readOfficialExample } from './official-catalogue.ts'

const all = selectKept(everything)
const upserts = (type: string) => all.effectOf(type).action === 'upsert'

function readMinimised(type: string, data: unknown) {
  const effect = all.effectOf(type)
  if (effect.action !== 'upsert' || !isClerkObject(data)) throw new Error(`${type} has no row`)
  const { entity } = effect
  const kept = minimise(entity, data)
  return {
    entity,
    kept,
    result: readRow(entity, kept),
    concerned: readConcerned(entity.concerns, data),
  }
}

function dataOf(event: unknown): unknown {
  return isClerkObject(event) ? event['data'] : undefined
}

describe("Clerk's own example of", () => {
  test.for(officialTypes.filter(upserts))('%s becomes a row', (type) => {
    const { entity, result, concerned } = readMinimised(type, dataOf(readOfficialExample(type)))
    expect(result.unreadable).toEqual([])
    const somebody = Object.keys(entity.concerns).length > 0
    expect(Object.keys(concerned).length > 0).toBe(somebody)
  })
})

describe('the sample of', () => {
  test.for(eventTypes.filter(upserts))('%s becomes the same row, minimised or not', (type) => {
    const { data } = buildSample(type)
    const { entity, kept, result } = readMinimised(type, data)
    expect(result.unreadable).toEqual([])
    expect(result).toEqual(readRow(entity, data))
    expect(kept).toMatchObject({ id: data['id'], updated_at: data['updated_at'] })
  })
})

test('every column is filled by one of the examples and samples, except those of rare cases', () => {
  const filled = new Set<string>()
  const columns = new Set<string>()
  const events = [
    ...officialTypes.filter(upserts).map((type) => [type, readOfficialExample(type)] as const),
    ...eventTypes.filter(upserts).map((type) => [type, buildSample(type)] as const),
  ]
  for (const [type, event] of events) {
    const { entity, result } = readMinimised(type, dataOf(event))
    for (const [name, value] of Object.entries(result.value.row)) {
      columns.add(`${entity.table}.${name}`)
      if (value !== null) filled.add(`${entity.table}.${name}`)
    }
  }
  expect([...columns].filter((name) => !filled.has(name)).toSorted()).toEqual([
    'payment_attempts.failed_at',
    'payment_attempts.failed_reason',
    'payment_attempts.organization_id',
    'subscription_items.organization_id',
    'subscriptions.canceled_at',
    'subscriptions.ended_at',
    'subscriptions.organization_id',
    'users.external_id',
    'users.primary_phone_number',
  ])
})
