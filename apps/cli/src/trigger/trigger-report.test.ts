import { expect, test } from 'vitest'
import { leftOutEntity, readKeptSettings, settingThatKeeps } from '../fields/kept-report.ts'
import { renderEvent, renderSummary } from './trigger-report.ts'

const url = 'http://127.0.0.1:3000/api/webhooks/clerk'
const answer = {
  svixId: 'msg_1',
  entityId: 'sess_1',
  status: 200,
  body: '{"received":true}',
  answerMs: 4,
  sentAt: 0,
}
const event = { type: 'session.created', url, answer, arrival: undefined, rows: [] }
const known = { unknown: undefined, leftOut: undefined }

function leftOut() {
  const { kept } = readKeptSettings({ SYNC_ENTITIES: 'organizations,users' })
  const entity = leftOutEntity(kept, 'session.created')
  if (!entity) throw new Error('kept')
  return { table: entity.table, keptWith: settingThatKeeps(kept, entity) }
}

test('an event that is left out is reported with the setting that keeps it', () => {
  expect(renderEvent({ ...event, unknown: 'no database', leftOut: leftOut() })).toBe(
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

test('so are many of them', () => {
  const summary = { type: 'session.created', url, delivered: [event, event] }
  expect(renderSummary({ ...summary, unknown: undefined, leftOut: leftOut() })).toMatch(
    /answers {3}2 200 .*\n {2}outcomes {2}left out: .*\n {12}to keep them, start with SYNC_ENTITIES=/,
  )
})

test('an event that was refused is not said to be left out', () => {
  const refused = { ...answer, status: 400, body: '{"error":"invalid_signature"}' }
  const text = renderEvent({ ...event, answer: refused, unknown: undefined, leftOut: leftOut() })
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
