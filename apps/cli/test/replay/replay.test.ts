import {
  CannotApplyError,
  createConsumer,
  locateQueue,
  migrateQueue,
  openQueue,
} from '@clerk-sync/queue'
import type { Consumer, JobRun, OpenQueue, QueueLocation } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { createTestDatabase } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { startCommand } from '../clerk-access/scene.ts'

const refusal = 'the database refused the statement: SQLSTATE 23514'

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
  const location = locate(env)
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  await vi.waitFor(() => bullQueueOf(opened).obliterate({ force: true }), { timeout: 5_000 })
  const jobs = types.map((name, index) => ({
    name,
    data: {},
    opts: { jobId: `msg_${index}`, attempts: 2 },
  }))
  for (let start = 0; start < jobs.length; start += 1_000) {
    await bullQueueOf(opened).addBulk(jobs.slice(start, start + 1_000))
  }
  // Invalid: they fail with an attempt left.
  const consumer = work(location, () => {
    throw new CannotApplyError(refusal)
  })
  await expect.poll(() => countOf(opened, 'failed'), { timeout: 10_000 }).toBe(types.length)
  await consumer.close()
  return opened
}

const locate = (env: Record<string, string>) =>
  locateQueue({ redisUrl: env['REDIS_URL'], databaseUrl: env['DATABASE_URL'] })

function work(location: QueueLocation, process: (run: JobRun) => void): Consumer {
  return createConsumer(location, {
    concurrency: 20,
    process: async (run) => process(run),
    onFailed: () => undefined,
    onStalled: () => undefined,
    onError: () => undefined,
  })
}

async function countOf(opened: OpenQueue, state: 'failed' | 'waiting'): Promise<number> {
  return (await bullQueueOf(opened).getJobCounts(state))[state] ?? 0
}

describe.each(['redis', 'postgres'] as const)('with the queue on %s', (kind) => {
  test('failed jobs are counted, replayed by type, and then all of them', async () => {
    const env = await createEnv(kind)
    const opened = await failJobs(env, ['user.created', 'user.updated', 'user.updated'])
    const run = (...args: string[]) => startCommand(['replay', '--failed', ...args], env).ended

    const dry = await run('--dry-run', '--include-invalid')
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout).toMatch(/^3 of 3 failed jobs would be replayed\n/)
    expect(dry.stdout).toMatch(/2 {2}user\.updated\n.*1 {2}user\.created/)
    expect(dry.stdout).toContain(`3  ${refusal}`)
    expect(await countOf(opened, 'failed')).toBe(3)

    const only = ['--type', 'user.created', '--since', '1h', '--include-invalid']
    const one = await run(...only, '--wait', '0', '--json')
    expect(one.code).toBe(0)
    const nothingElse = { leftOut: 0, gone: 0, failed: 0 }
    expect(JSON.parse(one.stdout)).toEqual({ seen: 3, matched: 1, replayed: 1, ...nothingElse })

    await bullQueueOf(opened).add('user.updated', {}, { delay: 600_000 })
    const rest = await run('--include-invalid', '--wait', '1s')
    expect(rest).toMatchObject({
      code: 4,
      stdout:
        '2 of 2 jobs replayed\n0 succeeded, 2 still wait\n1 more failed and waits for the next attempt: that needs no replay\n',
    })
    expect(rest.stderr).toMatch(/^stopped waiting after/m)
    expect(await countOf(opened, 'waiting')).toBe(3)
  }, 60_000)
})

test('the ends of replayed jobs are told, and invalid events are left out', async () => {
  const env = await createEnv('redis')
  await failJobs(env, ['user.created', 'user.updated'])
  const run = (...args: string[]) => startCommand(['replay', '--failed', ...args], env).ended
  const dry = await run('--dry-run')
  expect(dry.stdout).toMatch(
    /^0 of 2 failed jobs would be replayed\n2 more are left out: invalid events, which no attempt can apply/,
  )
  const fails = work(locate(env), ({ jobId }) => {
    if (jobId === 'msg_1') throw new CannotApplyError(refusal)
  })
  const again = await run('--include-invalid')
  await fails.close()
  expect(again.code).toBe(3)
  expect(again.stdout).toMatch(/^2 of 2 jobs replayed\n1 succeeded, 1 failed again\n/)
  expect(again.stdout).toContain(`1  ${refusal}`)

  const works = work(locate(env), () => undefined)
  const done = await run('--include-invalid', '--json')
  await works.close()
  expect(done.code).toBe(0)
  expect(JSON.parse(done.stdout)).toMatchObject({ replayed: 1, jobs: { succeeded: 1, failed: 0 } })
}, 60_000)

test('Ctrl-C ends the waiting for a worker that is missing, and the jobs stay', async () => {
  const env = await createEnv('redis')
  const opened = await failJobs(env, ['user.updated'])
  const command = startCommand(['replay', '--failed', '--include-invalid'], env)
  await expect
    .poll(() => command.output.stderr, { timeout: 20_000 })
    .toContain('no worker has taken a job for 5 s')
  command.kill('SIGINT')
  const { code, stdout, stderr } = await command.ended
  expect(code).toBe(130)
  expect(stdout).toMatch(/^1 of 1 jobs replayed\n0 succeeded, 1 still waits\nno worker has taken/)
  expect(stderr).toContain('no longer waiting: the jobs go on')
  expect(await countOf(opened, 'waiting')).toBe(1)
}, 60_000)

test('Ctrl-C stops it without harm, and running it again goes on', async () => {
  const env = await createEnv('redis')
  const many = 5_000
  const opened = await failJobs(
    env,
    Array.from({ length: many }, () => 'user.updated'),
  )
  const args = ['replay', '--failed', '--include-invalid', '--wait', '0']
  const command = startCommand(args, env)
  await vi.waitFor(async () => expect(await countOf(opened, 'waiting')).toBeGreaterThan(0), {
    timeout: 10_000,
    interval: 5,
  })
  command.kill('SIGINT')
  const { code, stderr, stdout } = await command.ended
  expect(code).toBe(130)
  expect(stderr).toContain('run it again to go on')
  const replayed = await countOf(opened, 'waiting')
  expect(stdout).toBe(`${replayed.toLocaleString('en')} of 5,000 jobs replayed\n`)
  const rest = await startCommand(args, env).ended
  expect(rest.stdout).toMatch(`${(many - replayed).toLocaleString('en')} jobs replayed`)
  expect(await countOf(opened, 'waiting')).toBe(many)
  await bullQueueOf(opened).obliterate({ force: true })
}, 60_000)

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
