import { randomBytes } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestDatabase } from '@clerk-sync/testing'
import { QueueKeys } from 'bullmq'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import {
  checkQueue,
  CannotApplyError,
  locateQueue,
  migrateQueue,
  readFailure,
} from '../src/index.ts'
import type { QueueLocation } from '../src/index.ts'
import { toJobId } from '../src/producer.ts'
import { openConsumer, openProducer, untilEmpty } from './open-ends.ts'
import { locate } from './redis-forms.ts'

const bullmq = join(import.meta.dirname, '../node_modules/bullmq/dist/esm')

/** How the keys of BullMQ end, by its own list and by its scripts, so that a later key is tested too. */
function readKeyNames(): string[] {
  const files = globSync(['commands/**/*.lua', 'classes/*.js'], { cwd: bullmq })
  const texts = files.map((file) => readFileSync(join(bullmq, file), 'utf8'))
  const built = /(?:toKey\(|[kK]ey \.\. |[pP]refix \.\. )["'`]([\w:.-]+)["'`$]/g
  const inScripts = texts.flatMap((text) => [...text.matchAll(built)].map(([, name = '']) => name))
  return [...new Set([...Object.keys(new QueueKeys().getKeys('q')), ...inScripts])]
}

const keyNames = readKeyNames()
// Separated by spaces.
const oddIds = [
  'constructor __proto__ toString null undefined true NaN Infinity 0 00 123 -1 1e3',
  'a:b a:b:c : repeat:x:1 de:x metrics:completed:data msg_1:lock msg_ msg_ä MSG_1 evt_1 probe:write',
  'ä 👍 * ? %00 {x} } id_ id_d2FpdA',
]
  .flatMap((line) => line.split(' '))
  .concat(' ', 'a b', 'x'.repeat(255), 'é'.repeat(255))

const places: [name: string, locateOne: () => Promise<QueueLocation>][] = [
  ['Redis', async () => locate(inject('redisUrl'))],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase(inject('databaseUrl'))
      onTestFinished(() => database.drop())
      const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
      await migrateQueue(location)
      return location
    },
  ],
]

test('the list has the keys that BullMQ is known to have', () => {
  const known = ['', 'wait', 'active', 'delayed', 'failed', 'marker', 'meta', 'events', 'id']
  const fromScripts = ['stalled-check', 'metrics:completed', ':lock', ':logs', ':dependencies']
  expect(keyNames).toEqual(expect.arrayContaining([...known, ...fromScripts]))
  expect(keyNames.length).toBeGreaterThan(30)
})

test('no job id is a key of BullMQ, whatever the svix-id is', () => {
  const taken = new Set(keyNames)
  const prefixes = keyNames.filter((name) => name.endsWith(':'))
  for (const svixId of [...keyNames, ...oddIds, `msg_${randomBytes(10).toString('hex')}`]) {
    const jobId = toJobId(svixId)
    expect(taken).not.toContain(jobId)
    expect(jobId).not.toContain(':')
    expect(prefixes.filter((prefix) => jobId.startsWith(prefix))).toEqual([])
  }
})

describe.each(places)('on %s', (_, locateOne) => {
  test('events whose ids are keys of BullMQ, or odd, are done once each, like those after them', async () => {
    const location = await locateOne()
    const { enqueue, opened } = openProducer(location)
    const svixIds = [...new Set([...keyNames, ...oddIds, 'msg_after'])].filter(Boolean)
    const done: unknown[] = []
    for (const svixId of svixIds) {
      await enqueue({ svixId, type: 'user.created', occurredAt: 1, receivedAt: 2 })
    }
    expect(await checkQueue(opened)).toBeUndefined()
    const runs = openConsumer(location, async ({ data }) => void done.push(data))
    await untilEmpty(opened)
    const doneIds = done.map((data) => (data as { svixId: string }).svixId)
    expect(doneIds.toSorted()).toEqual(svixIds.toSorted())
    expect(runs.errors).toEqual([])
    expect(await checkQueue(opened)).toBeUndefined()
  })

  test.each(['wait', 'NaN', 'a:b', 'evt_1'])(
    'a redelivery runs the failed event %j again',
    async (svixId) => {
      const location = await locateOne()
      const { enqueue, opened } = openProducer(location)
      const event = { svixId, type: 'user.created', occurredAt: 1, receivedAt: 2 }
      let works = false
      await enqueue(event)
      const runs = openConsumer(location, async () => {
        if (!works) throw new CannotApplyError('not yet')
      })
      await expect
        .poll(() => readFailure(opened, svixId), { timeout: 15_000 })
        .toEqual({ reason: 'not yet', final: true })
      works = true
      await enqueue(event)
      await untilEmpty(opened)
      expect(runs.started).toEqual([toJobId(svixId), toJobId(svixId)])
    },
  )
})
