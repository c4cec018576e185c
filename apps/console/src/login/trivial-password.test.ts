import { expect, test } from 'vitest'
import { isTrivialPassword } from './trivial-password.ts'

test.each([
  'aaaaaaaaaaaa',
  'abababababab',
  '123456789012',
  'abcdefghijkl',
  'lkjihgfedcba',
  'hunter2hunter2',
  'password1234',
  'P@ssw0rd2026',
  'changeme-changeme',
  'change-me-12345',
  'changeme!!!!2',
  'Admin-Password-1',
  'clerk-sync-2026',
  'qwertyuiop123',
  'ada.lovelace1',
  'ADA.LOVELACE2026!',
])('%s is guessed first', (password) => {
  expect(isTrivialPassword(password, 'ada.lovelace')).toBe(true)
})

test.each([
  'correct horse: battery',
  'twelve or more',
  'nobody logs in here',
  '9f86d081884c7d659a2feaa0c55ad015',
  'kT3nQ_x8-LpW2vZa',
  'pässwörter sind mühsam',
  '482910384756',
])('%s is not', (password) => {
  expect(isTrivialPassword(password, 'admin')).toBe(false)
})
