import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { buildSample } from '@clerk-sync/events/samples'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backends, openChain, outcomesOf, until, untilDone, untilState } from './chain.ts'
import type { Chain } from './chain.ts'
import { forkWorker } from './fork-worker.ts'

// A job of a killed worker is another's after about this long.
const lockDurationMs = 2_000

function startProcess(chain: Chain): ChildProcess {
  const worker = forkWorker(chain, { lockDurationMs })
  onTestFinished(() => void worker.kill('SIGKILL'))
  return worker
}

/** Makes every write to the users wait until it is released. */
async function holdUsers(chain: Chain): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: chain.databaseUrl })
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE clerk.users IN EXCLUSIVE MODE')
  return () => holder.end()
}

function jobsTakenOver(chain: Chain): string[] {
  const lines = chain.readLog().trim().split('\n')
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; jobId?: string })
  return logged.flatMap(({ msg, jobId }) =>
    jobId !== undefined && msg === 'job taken over from a worker that crashed or froze'
      ? [jobId]
      : [],
  )
}

describe.each(backends)('on %s', (backend) => {
  test('events of a worker that is killed in the middle of a write are written by another, without losing an attempt', async () => {
    const { chain, opened } = await openChain(backend)
    const ingest = await chain.startIngest()

    const release = await holdUsers(chain)
    const killed = startProcess(chain)
    const sent = await Promise.all(
      Array.from({ length: 5 }, () => ingest.send(buildSample('user.created'))),
    )
    await until(async () =>
      (await bullQueueOf(opened).getJobCounts('active'))['active'] === 5 ? true : undefined,
    )
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    await release()
    const held = await Promise.all(sent.map(({ svixId }) => bullQueueOf(opened).getJob(svixId)))
    expect(held.map((job) => job?.attemptsMade)).toEqual([0, 0, 0, 0, 0])

    const worker = await chain.startWorker({ lockDurationMs })
    expect(new Set(await outcomesOf(chain, sent))).toEqual(new Set(['applied']))
    await untilDone(opened, sent)
    expect(await worker.count('clerk_sync_worker_failures_total')).toBe(0)
    expect(new Set(jobsTakenOver(chain))).toEqual(new Set(sent.map(({ svixId }) => svixId)))
  }, 60_000)

  test('a worker that is told to stop finishes its write, takes nothing new and exits 0', async () => {
    const { chain, opened } = await openChain(backend)
    const ingest = await chain.startIngest()

    const release = await holdUsers(chain)
    const worker = startProcess(chain)
    const first = await ingest.send(buildSample('user.created'))
    await untilState(opened, first, 'active')
    const second = await ingest.send(buildSample('user.created'))
    await untilState(opened, second, 'active')
    worker.kill('SIGTERM')
    await untilState(opened, second, 'waiting')
    const third = await ingest.send(buildSample('user.created'))
    await release()
    expect(await once(worker, 'exit')).toEqual([0, null])

    expect(await outcomesOf(chain, [first])).toEqual(['applied'])
    expect(
      await bullQueueOf(opened).getJobCounts('waiting', 'active', 'failed', 'delayed'),
    ).toEqual({
      waiting: 2,
      active: 0,
      failed: 0,
      delayed: 0,
    })
    await chain.startWorker()
    expect(await outcomesOf(chain, [second, third])).toEqual(['applied', 'applied'])
  }, 60_000)
})
