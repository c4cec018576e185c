import { expect, test } from 'vitest'
import { isNetworkErrorCode, isPostgresOutage, isUnavailableSqlState } from './postgres-outage.ts'

test.each([
  '08006',
  '28P01',
  '40P01',
  '40001',
  '53300',
  '57P01',
  '58030',
  '25006',
  '25P03',
  '25P04',
  '3D000',
  '55P03',
])('SQLSTATE %s is an outage', (state) => {
  expect(isUnavailableSqlState(state)).toBe(true)
  expect(isPostgresOutage(Object.assign(new Error('x'), { code: state }))).toBe(true)
})

test.each(['23505', '22021', '42P01', '57014', ''])('SQLSTATE %j is not an outage', (state) => {
  expect(isUnavailableSqlState(state)).toBe(false)
})

test.each(['ECONNREFUSED', 'EADDRNOTAVAIL', 'EHOSTUNREACH', 'ENETDOWN', 'EAI_AGAIN'])(
  '%s is a network error',
  (code) => expect(isNetworkErrorCode(code)).toBe(true),
)

test.each([
  ['Connection terminated unexpectedly', true],
  ['timeout exceeded when trying to connect', true],
  ['Query read timeout', true],
  ['a defect of ours', false],
])('"%s" is an outage: %s', (message, isOutage) => {
  expect(isPostgresOutage(new Error(message))).toBe(isOutage)
})
