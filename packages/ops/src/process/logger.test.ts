import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function createLog() {
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  return { lines, logger: createLogger({ name: 'test', level: 'trace' }, { write }) }
}

test.each([
  ['a header', { headers: { authorization: 's3cret', cookie: 's3cret', host: 'kept' } }],
  ['a header of a raw response', { 'Set-Cookie': ['s3cret'], host: 'kept' }],
  ['a setting', { BOARD_PASSWORD: 's3cret', CLERK_SECRET_KEY: 's3cret', HOST: 'kept' }],
  ['a connection', { a: [{ b: { c: { d: { connectionString: 's3cret' } } } }], host: 'kept' }],
  ['a URL in a field', { host: 'kept', where: 'postgresql://app:s3cret@host/db' }],
  ['a URL object', { host: 'kept', where: new URL('rediss://:s3cret@host:6379') }],
  ['an error', { host: 'kept', error: new Error('no answer from redis://:s3cret@host') }],
  [
    'an error inside',
    { host: 'kept', deep: { error: Object.assign(new Error('x'), { s3cret: 1 }) } },
  ],
])('a secret is not logged: %s', (_, fields) => {
  const { lines, logger } = createLog()
  logger.info(fields, 'said')
  logger.child({ app: 'test' }).error(fields, 'said')
  expect(lines.join('')).not.toContain('s3cret')
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ msg: 'said' })
  expect(lines.join('').match(/kept/g)).toHaveLength(2)
})

test('a secret in the text itself is not logged', () => {
  const { lines, logger } = createLog()
  logger.warn('no answer from redis://user:s3cret@a:6379,b:6379/0')
  logger.error(new Error('no answer from postgresql://user:s3cret@host/db'))
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'no answer from redis://[redacted]@a:6379,b:6379/0',
    'no answer from postgresql://[redacted]@host/db',
  ])
  expect(lines.join('')).not.toMatch(/s3cret|stack/)
})

test('fields that contain themselves are logged without the repetition', () => {
  const { lines, logger } = createLog()
  const request: Record<string, unknown> = { headers: { authorization: 's3cret' }, url: '/' }
  request['request'] = request
  logger.info({ request, at: new Date(0), nothing: null })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    request: { headers: { authorization: '[redacted]' }, url: '/', request: '[seen]' },
    at: '1970-01-01T00:00:00.000Z',
    nothing: null,
  })
})
