import type { Database } from '@clerk-sync/db'
import { DatabaseRefusedError, DatabaseUnavailableError } from '@clerk-sync/db'
import { buildEventJob, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { createLogger } from '@clerk-sync/ops/process'
import { CannotApplyError } from '@clerk-sync/queue'
import { expect, test } from 'vitest'
import { createProcessor } from './processor.ts'

// A real database can't be made to fail in this order; the chain tests have the real outages.
function failingWith(errors: Error[]): Database {
  const fail = () => Promise.reject(errors.shift() ?? new Error('no more errors'))
  return { transaction: fail, ping: fail, close: async () => undefined } as unknown as Database
}

async function processWith(errors: Error[]): Promise<{ states: string[]; error: unknown }> {
  const states: string[] = []
  const kept = selectKept()
  const processor = createProcessor({
    db: failingWith(errors),
    availability: {
      problem: undefined,
      unavailable: () => void states.push('unavailable'),
      available: () => void states.push('available'),
      onChange: () => undefined,
    },
    metrics: { flushed: () => undefined } as never,
    logger: createLogger({ name: 'test', level: 'silent' }),
    kept,
    rules: { deletionPolicy: 'erase', auditValues: false },
    batchSize: 10,
    reportUnreadable: () => undefined,
    onDeleted: () => undefined,
  })
  const data = buildEventJob(kept, buildSample('user.created'), {
    svixId: 'msg_1',
    svixTimestamp: 0,
    receivedAt: 0,
  })
  const run = {
    jobId: 'msg_1',
    name: 'user.created',
    data,
    enqueuedAt: 0,
    hasFailedBefore: false,
    attempt: 1,
  }
  const error: unknown = await processor.process(run).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { states, error }
}

const mistake = new TypeError('a mistake of ours')

test('an outage that ends in an error of another kind is over all the same', async () => {
  const outage = new DatabaseUnavailableError('unavailable')
  const { states, error } = await processWith([outage, mistake])
  expect(error).toBe(mistake)
  expect(states).toEqual(['unavailable', 'available'])
})

test.each(['40001', '40P01'])(
  'a conflict with another transaction (%s) is tried again, and is no outage',
  async (sqlState) => {
    const conflict = () => new DatabaseUnavailableError('in the way', sqlState)
    const { states, error } = await processWith([conflict(), conflict(), conflict(), mistake])
    expect(error).toBe(mistake)
    expect(states).toEqual(['available'])
  },
)

test.each([
  ['22003', true],
  ['54000', true],
  // A database that is not in UTF8, which people can change.
  ['22P05', false],
  ['23503', false],
  ['P0001', false],
])('a refusal with SQLSTATE %s is final: %s', async (sqlState, isFinal) => {
  const { error } = await processWith([new DatabaseRefusedError(sqlState, ' (table users)')])
  expect(error).toMatchObject({
    message: expect.stringMatching(
      `^the database refused the statement: SQLSTATE ${sqlState} .table users`,
    ),
  })
  expect(error instanceof CannotApplyError).toBe(isFinal)
})
