import { expect, test } from 'vitest'
import { leftOutEntity, readKeptSettings } from '../fields/kept-report.ts'
import { createDropReasons } from './trigger.ts'
import { renderEvent, renderSummary } from './trigger-report.ts'

const url = 'http://127.0.0.1:3000/api/webhooks/clerk'
const answer = {
  svixId: 'msg_1',
  entityId: 'sess_1',
  status: 200,
  body: '{"received":true}',
  dropped: undefined,
  answerMs: 4,
  sentAt: 0,
}
const event = { type: 'session.created', url, answer, arrival: undefined, rows: [] }
const known = {
  unknown: undefined,
  whyDropped: createDropReasons(readKeptSettings({}).kept, 'user.created', 'ins_mine'),
}

function leftOut() {
  const { kept } = readKeptSettings({ SYNC_ENTITIES: 'organizations,users' })
  return createDropReasons(kept, 'session.created', undefined)
}
const dropped = { ...answer, dropped: 'left_out' } as const

test('an event that is left out is reported with the setting that keeps it', () => {
  expect(
    renderEvent({ ...event, answer: dropped, unknown: 'no database', whyDropped: leftOut() }),
  ).toBe(
    [
      'session.created  sess_1  ->  http://127.0.0.1:3000/api/webhooks/clerk',
      '  event    msg_1',
      '  answer   200 {"received":true}  after 4.0 ms',
      '  outcome  left out: it was acknowledged, and nothing of sessions is kept',
      '           to keep them, start with SYNC_ENTITIES=users,organizations,sessions',
      '',
    ].join('\n'),
  )
})

test('of the page of another server one line is shown', () => {
  const page = `<!DOCTYPE html>\n<html>\n  <body>${'no '.repeat(1_000)}</body></html>`
  const shown = renderEvent({ ...event, ...known, answer: { ...answer, status: 404, body: page } })
  expect(shown).toMatch(
    /^ {2}answer {3}404 <!DOCTYPE html> <html> <body>no no .{100,180}… {2}after /m,
  )
  expect(shown.split('\n')).toHaveLength(4)
})

test('so are many of them', () => {
  const summary = {
    type: 'session.created',
    url,
    delivered: [event, event].map((one) => ({ ...one, answer: dropped })),
  }
  expect(renderSummary({ ...summary, unknown: undefined, whyDropped: leftOut() })).toMatch(
    /answers {3}2 200 .*\n {2}outcomes {2}left out: .*\n {12}to keep them, start with SYNC_ENTITIES=/,
  )
})

test('an event of another instance is told from one that is left out', () => {
  const other = { ...answer, dropped: 'other_instance' } as const
  expect(renderEvent({ ...event, ...known, answer: other })).toContain(
    [
      '  outcome  dropped: ingest keeps only the events of its CLERK_INSTANCE_ID, and this one names ins_mine',
      '           set CLERK_INSTANCE_ID here to the same value',
    ].join('\n'),
  )
})

test('an event that was refused is not said to be left out', () => {
  const refused = { ...answer, status: 400, body: '{"error":"invalid_signature"}' }
  const text = renderEvent({ ...event, answer: refused, unknown: undefined, whyDropped: leftOut() })
  expect(text).toContain('is it the same secret?')
  expect(text).not.toContain('left out')
})

test('what is kept or unknown to clerk-sync is not left out', () => {
  const { kept } = readKeptSettings({})
  for (const type of ['user.created', 'user.deleted', 'email.created', 'robot.created']) {
    expect(leftOutEntity(kept, type)).toBeUndefined()
  }
  expect(leftOutEntity(kept, 'session.ended')?.table).toBe('sessions')
})

test('rows are shown with whole numbers of any size, lists and times', () => {
  const row = {
    amount: 9_007_199_254_740_993n,
    permissions: ['a', 'b'],
    paid_at: new Date(0),
    status: 'paid',
    seats: null,
  }
  const rows = [{ table: 'clerk.payment_attempts', row }]
  expect(renderEvent({ ...event, ...known, rows })).toContain(
    [
      '',
      'clerk.payment_attempts',
      '  amount       9007199254740993',
      '  permissions  ["a","b"]',
      '  paid_at      1970-01-01T00:00:00.000Z',
      '  status       paid',
      '',
    ].join('\n'),
  )
})
