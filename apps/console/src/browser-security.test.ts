import { expect, test } from 'vitest'
import { isCrossSiteChange } from './browser-security.ts'

const host = 'board.example.com'

test.each([
  ['a client that is no browser', {}],
  ['the board itself', { 'sec-fetch-site': 'same-origin', origin: `https://${host}` }],
  ['the board itself on plain HTTP', { origin: `http://${host}` }],
  [
    'the board behind a proxy that names itself in Host',
    {
      'sec-fetch-site': 'same-origin',
      origin: 'https://board.public.example',
    },
  ],
])('a change by %s may pass', (_, headers) => {
  expect(isCrossSiteChange({ method: 'POST', headers: { host, ...headers } })).toBe(false)
})

test.each([
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ['a sister domain', { 'sec-fetch-site': 'same-site', origin: 'https://blog.example.com' }],
  ['another site on plain HTTP', { origin: 'http://evil.example' }],
  ['another port of the same machine', { origin: `http://${host}:8080` }],
  ['a sandboxed frame', { origin: 'null' }],
])('a change by %s may not', (_, headers) => {
  expect(isCrossSiteChange({ method: 'PUT', headers: { host, ...headers } })).toBe(true)
})

test('a link on another site may lead to the board', () => {
  const headers = { host, 'sec-fetch-site': 'cross-site' }
  expect(isCrossSiteChange({ method: 'GET', headers })).toBe(false)
})
