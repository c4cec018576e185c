import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'

const index = new URL('index.ts', import.meta.url).href

/** A process that does nothing but stop. `close` is the body of an async function. */
async function startProcess(close: string, { timeoutMs = 5_000, level = 'info' } = {}) {
  const script = `
    import { createLogger, shutDownOnSignal } from '${index}'
    const logger = createLogger({ name: 'test', level: '${level}' })
    setInterval(() => undefined, 1000)
    const hang = () => new Promise(() => undefined)
    const released = new Promise((resolve) => process.once('SIGUSR2', resolve))
    let signals = 0
    const onSignal = () => logger.debug('signal ' + ++signals)
    async function close() { logger.info('closing'); ${close} }
    shutDownOnSignal({ logger, timeoutMs: ${timeoutMs}, close })
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    logger.info('started')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = once(child, 'close')
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (log += text))
  const messages = () => [...log.matchAll(/"msg":"(.*)"/g)].map(([, message]) => message)
  async function seen(message: string): Promise<void> {
    while (!messages().includes(message)) await once(child.stdout, 'data')
  }
  await seen('started')
  return {
    messages,
    seen,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    async exitCode(): Promise<unknown> {
      const [code] = await closed
      return code
    },
  }
}

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s closes, and the process exits with 0 although a timer still runs',
  async (signal) => {
    const stopped = await startProcess('')
    stopped.kill(signal)
    expect(await stopped.exitCode()).toBe(0)
    expect(stopped.messages()).toEqual(['started', 'stopping', 'closing', 'stopped'])
  },
)

test('exits with 1 when closing fails', async () => {
  const failed = await startProcess(`throw new Error('no')`)
  failed.kill('SIGTERM')
  expect(await failed.exitCode()).toBe(1)
  expect(failed.messages().at(-1)).toBe('did not stop cleanly')
})

test('exits with 1 after the timeout when closing hangs', async () => {
  const hanging = await startProcess('await hang()', { timeoutMs: 300 })
  const killedAt = performance.now()
  hanging.kill('SIGTERM')
  expect(await hanging.exitCode()).toBe(1)
  expect(performance.now() - killedAt).toBeGreaterThan(250)
  expect(hanging.messages().at(-1)).toMatch(/^did not stop in time/)
})

test.each([
  ['the same signal', 'SIGINT', 'SIGINT'],
  ['another signal', 'SIGINT', 'SIGTERM'],
] as const)('%s within a second counts once', async (_, first, second) => {
  const twice = await startProcess('await released', { level: 'debug' })
  twice.kill(first)
  await twice.seen('signal 1')
  twice.kill(second)
  await twice.seen('signal 2')
  twice.kill('SIGUSR2')
  expect(await twice.exitCode()).toBe(0)
  expect(twice.messages()).toEqual([
    'started',
    'stopping',
    'closing',
    'signal 1',
    'signal 2',
    'stopped',
  ])
})

test('a second signal after a second ends the process at once', async () => {
  const hanging = await startProcess(
    `setTimeout(() => logger.info('a moment later'), 1_050); await hang()`,
    { timeoutMs: 60_000 },
  )
  hanging.kill('SIGINT')
  await hanging.seen('a moment later')
  hanging.kill('SIGINT')
  expect(await hanging.exitCode()).toBe(130)
}, 20_000)
