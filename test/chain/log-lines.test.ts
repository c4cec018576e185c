import { buildSample } from '@clerk-sync/events/samples'
import { expect, onTestFinished, test } from 'vitest'
import { createChain, outcomesOf, until } from './chain.ts'
import type { Chain } from './chain.ts'

interface Line {
  readonly level: string
  readonly app: string
  readonly msg: string
  readonly svixId?: string
  readonly [field: string]: unknown
}

function linesAbout(chain: Chain, svixId: string): Line[] {
  const lines = chain.readLog().trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Line).filter((line) => line.svixId === svixId)
}

test('an event is one line in each app at debug, and at info only the first one is', async () => {
  const chain = await createChain('redis')
  onTestFinished(() => chain.close())
  const ingest = await chain.startIngest()
  await chain.startWorker()
  const event = buildSample('user.created')
  const sent = await ingest.send(event)
  await outcomesOf(chain, [sent])
  const about = { svixId: sent.svixId, type: 'user.created', entityId: event.data['id'] }
  await until(async () => linesAbout(chain, sent.svixId)[3])
  const took = { durationMs: expect.any(Number) }
  expect(linesAbout(chain, sent.svixId)).toMatchObject([
    { level: 'info', app: 'ingest', msg: 'event accepted, the first since the start' },
    { level: 'debug', app: 'ingest', msg: 'answered', ...about, ...took, outcome: 'accepted' },
    { level: 'info', app: 'worker', msg: 'event done, the first since the start' },
    { level: 'debug', app: 'worker', msg: 'event done', ...about, ...took, outcome: 'applied' },
  ])
  // Nor does another line tell of it by the id of its user.
  const loud = chain.readLog().match(/"level":"(info|warn|error)".*/g) ?? []
  expect(loud.join('\n')).not.toContain(event.data['id'])
})

test('an attempt that fails names the event and what it tells of', async () => {
  const chain = await createChain('redis')
  onTestFinished(() => chain.close())
  const ingest = await chain.startIngest()
  await chain.db.query('ALTER TABLE clerk.users ADD CONSTRAINT refused CHECK (false) NOT VALID')
  await chain.startWorker()
  const event = buildSample('user.created')
  const sent = await ingest.send(event)
  const failed = await until(async () =>
    linesAbout(chain, sent.svixId).find(({ msg }) => msg === 'event failed'),
  )
  expect(failed).toMatchObject({
    level: 'warn',
    app: 'worker',
    type: 'user.created',
    entityId: event.data['id'],
    attempt: 1,
    final: false,
    error: { code: 'ERR_DATABASE_REFUSED' },
  })
})
