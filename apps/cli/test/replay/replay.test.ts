import {
  CannotApplyError,
  createConsumer,
  locateQueue,
  migrateQueue,
  openQueue,
} from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { createTestDatabase } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { startCommand } from '../clerk-access/scene.ts'

const refusal = 'the database refused the write: SQLSTATE 23514'

async function createEnv(kind: 'redis' | 'postgres'): Promise<Record<string, string>> {
  // The commands know no other prefix: a database of its own keeps other tests out.
  if (kind === 'redis') return { REDIS_URL: `${inject('redisUrl')}/11` }
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  await migrateQueue(locateQueue({ redisUrl: undefined, databaseUrl: database.url }))
  return { DATABASE_URL: database.url }
}

/** Fails these jobs for good; the queue stays open until the end of the test. */
async function failJobs(env: Record<string, string>, types: readonly string[]): Promise<OpenQueue> {
  const location = locateQueue({ redisUrl: env['REDIS_URL'], databaseUrl: env['DATABASE_URL'] })
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  await vi.waitFor(() => bullQueueOf(opened).obliterate({ force: true }), { timeout: 5_000 })
  await bullQueueOf(opened).addBulk(
    types.map((name, index) => ({ name, data: {}, opts: { jobId: `msg_${index}` } })),
  )
  const consumer = createConsumer(location, {
    concurrency: 20,
    process: () => Promise.reject(new CannotApplyError(refusal)),
    onFailed: () => undefined,
    onStalled: () => undefined,
    onError: () => undefined,
  })
  await expect.poll(() => countOf(opened, 'failed'), { timeout: 10_000 }).toBe(types.length)
  await consumer.close()
  return opened
}

async function countOf(opened: OpenQueue, state: 'failed' | 'waiting'): Promise<number> {
  return (await bullQueueOf(opened).getJobCounts(state))[state] ?? 0
}

describe.each(['redis', 'postgres'] as const)('with the queue on %s', (kind) => {
  test('failed jobs are counted, replayed by type, and then all of them', async () => {
    const env = await createEnv(kind)
    const opened = await failJobs(env, ['user.created', 'user.updated', 'user.updated'])
    const run = (...args: string[]) => startCommand(['replay', '--failed', ...args], env).ended

    const dry = await run('--dry-run')
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout).toMatch(/^3 of 3 failed jobs would be replayed\n/)
    expect(dry.stdout).toMatch(/2 {2}user\.updated\n.*1 {2}user\.created/)
    expect(dry.stdout).toContain(`3  ${refusal}`)
    expect(await countOf(opened, 'failed')).toBe(3)

    const one = await run('--type', 'user.created', '--since', '1h', '--json')
    expect(one.code).toBe(0)
    expect(JSON.parse(one.stdout)).toEqual({ seen: 3, matched: 1, replayed: 1, gone: 0, failed: 0 })

    await bullQueueOf(opened).add('user.updated', {}, { delay: 60_000 })
    const rest = await run()
    expect(rest).toMatchObject({
      code: 0,
      stdout:
        '2 of 2 jobs replayed\n1 more failed and waits for the next attempt: that needs no replay\n',
    })
    expect(rest.stderr).toMatch(/^done after/m)
    expect(await countOf(opened, 'waiting')).toBe(3)
  })
})

test('Ctrl-C stops it without harm, and running it again goes on', async () => {
  const env = await createEnv('redis')
  const many = 10_000
  const opened = await failJobs(
    env,
    Array.from({ length: many }, () => 'user.updated'),
  )
  const command = startCommand(['replay', '--failed'], env)
  await vi.waitFor(async () => expect(await countOf(opened, 'waiting')).toBeGreaterThan(0), {
    timeout: 10_000,
    interval: 5,
  })
  command.kill('SIGINT')
  const { code, stderr, stdout } = await command.ended
  expect(code).toBe(130)
  expect(stderr).toContain('run it again to go on')
  const replayed = await countOf(opened, 'waiting')
  expect(stdout).toBe(`${replayed.toLocaleString('en')} of 10,000 jobs replayed\n`)
  const rest = await startCommand(['replay', '--failed'], env).ended
  expect(rest.stdout).toMatch(`${(many - replayed).toLocaleString('en')} jobs replayed`)
  expect(await countOf(opened, 'waiting')).toBe(many)
  await bullQueueOf(opened).obliterate({ force: true })
})

test.each([
  [[], {}, /say what to replay: --failed/],
  [['--failed', '--since', 'yesterday'], {}, /--since must be a time ago, such as 2h/],
  [['--failed'], { REDIS_URL: '', DATABASE_URL: '' }, /the queue needs one of them/],
  [['--failed'], { REDIS_URL: 'redis://127.0.0.1:1' }, /the queue does not answer: .*doctor/],
])('what can not be is said with its cure: %j %j', async (args, env, problem) => {
  const { code, stderr } = await startCommand(['replay', ...args], env).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(problem)
})
