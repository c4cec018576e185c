import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { ConfigError } from './config.ts'
import { createLogger } from './process/logger.ts'
import { errorMessage } from './error-message.ts'
import { startProblem } from './process/run-process.ts'

/** The error of a connection to a host with two addresses, where nothing listens. */
async function refusedTwice(): Promise<unknown> {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]
  const socket = connect({
    host: 'localhost',
    port: 1,
    autoSelectFamily: true,
    lookup: (_, __, done) => done(null, addresses),
  })
  // once() rejects with the error event.
  return once(socket, 'connect').catch((error: unknown) => error)
}

test('a connection that both addresses of a host refuse has a reason', async () => {
  const error = await refusedTwice()
  expect(error).toMatchObject({ message: '', code: 'ECONNREFUSED' })
  expect(errorMessage(error)).toContain('connect ECONNREFUSED 127.0.0.1:1')
  expect(startProblem(error)).toContain('connect ECONNREFUSED 127.0.0.1:1')
})

test('an error without a message gives its code or its name', () => {
  expect(errorMessage(Object.assign(new Error(''), { code: 'EPIPE' }))).toBe('EPIPE')
  expect(errorMessage(new AggregateError([]))).toBe('AggregateError')
  expect(errorMessage(new TypeError(''))).toBe('TypeError')
})

test('a value that is not an error is shown as it is', () => {
  expect(errorMessage('full')).toBe('full')
  expect(errorMessage(undefined)).toBe('undefined')
})

test('a port in use is one line that names the port', () => {
  const error = Object.assign(new Error('listen EADDRINUSE: address already in use 0.0.0.0:3000'), {
    code: 'EADDRINUSE',
    port: 3000,
  })
  expect(startProblem(error)).toBe('port 3000 is in use by another process')
})

test.each([
  [new ConfigError(['PORT must be a port']), /PORT must be/],
  [new Error('broken', { cause: new Error('deeper') }), /^broken$/],
  ['broken', /^broken$/],
  [null, /^null$/],
])('a problem at the start is shown without a stack: %s', (error, expected) => {
  expect(startProblem(error)).toMatch(expected)
  expect(startProblem(error)).not.toContain('    at ')
})

test('the log has the reason, the code and the causes of an error, and nothing else of it', async () => {
  const lines: string[] = []
  const logger = createLogger(
    { name: 'test', level: 'info' },
    { write: (line) => void lines.push(line) },
  )
  const cause = await refusedTwice()
  const error = Object.assign(new Error('not written', { cause }), { parameters: ['s3cret'] })
  logger.warn({ error }, 'failed')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    msg: 'failed',
    error: {
      type: 'Error',
      message: 'not written',
      cause: { message: expect.stringContaining('ECONNREFUSED 127.0.0.1:1'), code: 'ECONNREFUSED' },
    },
  })
  expect(lines.join('')).not.toMatch(/s3cret|stack/)
})
