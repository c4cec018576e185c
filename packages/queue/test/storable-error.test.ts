import { createTestDatabase } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { CannotApplyError, migrateQueue, readFailure } from '../src/index.ts'
import { buildEvent, openConsumer, openProducer } from './open-ends.ts'

test('a job fails once for a reason that PostgreSQL refuses to store unchanged', async () => {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const location = { kind: 'postgres', url: database.url, schema: 'clerk_queue' } as const
  await migrateQueue(location)
  const { enqueue, opened } = openProducer(location)
  const reason = 'it has a \0, half a 👍 (\ud83d) and a whole 👍'
  const errors = [new Error(reason), new CannotApplyError(reason)]
  const runs = openConsumer(location, async () => {
    throw errors.shift() ?? new Error('there was a run too many')
  })
  for (const final of [false, true]) {
    const event = buildEvent()
    await enqueue(event)
    await expect
      .poll(() => readFailure(opened, event.svixId))
      .toEqual({ reason: 'it has a \uFFFD, half a 👍 (\uFFFD) and a whole 👍', final })
  }
  expect(runs.errors).toEqual([])
})
