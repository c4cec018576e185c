import {
  countDone,
  countFailed,
  followReplayed,
  isSettled,
  nothingReplayed,
  readQueueDepth,
  replayFailed,
  locateQueue,
  missingQueue,
  openQueue,
  redisUrl,
} from '@clerk-sync/queue'
import type { FailedSelection, OpenQueue, ReplayCounts, ReplayedJobs } from '@clerk-sync/queue'
import { errorMessage, optionalPostgresUrl, readConfig, retry } from '@clerk-sync/ops'
import { createProgress, stopOnSignal } from '../terminal/progress.ts'
import type { Progress } from '../terminal/progress.ts'
import { duration, number } from '../terminal/text.ts'
import { parseMoment } from '../terminal/parse-option.ts'
import { locateDataDir } from '../start/data-dir.ts'
import { findRunning } from '../start/running.ts'
import {
  renderCounts,
  renderDelayed,
  renderEnd,
  renderReplayed,
  renderStandstill,
} from './replay-report.ts'

const queueVariables = { REDIS_URL: redisUrl, DATABASE_URL: optionalPostgresUrl }
const answerTimeoutMs = 3_000
const retryDelayMs = 100

export interface ReplayCommand {
  failed?: true
  type?: string
  reason?: string
  since?: string
  until?: string
  includeInvalid?: true
  /** Milliseconds to wait for the replayed jobs. */
  wait: number
  dryRun?: true
  json?: true
}

type Output = Pick<typeof process, 'stdout' | 'stderr'> & { readonly asJson: boolean }

/** Runs failed jobs again. Returns the exit code. */
export async function replay(
  options: ReplayCommand,
  env: NodeJS.ProcessEnv,
  { stdout, stderr } = process,
): Promise<number> {
  if (!options.failed) {
    throw new Error(
      'say what to replay: --failed runs failed jobs again, all of them or those of --type, --reason, --since and --until; add --dry-run to see them first',
    )
  }
  const selection = readSelection(options)
  const output = { stdout, stderr, asJson: options.json ?? false }
  const opened = await openQueueOf(env)
  try {
    return options.dryRun
      ? await count(opened, selection, output)
      : await run(opened, selection, options.wait, output)
  } finally {
    await opened.close()
  }
}

async function count(
  opened: OpenQueue,
  selection: FailedSelection,
  { stdout, asJson }: Output,
): Promise<number> {
  const counts = await countFailed(opened, selection)
  stdout.write(asJson ? toJson(counts) : renderCounts(counts))
  if (!asJson) await reportDelayed(opened, 0, stdout)
  return 0
}

async function run(
  opened: OpenQueue,
  selection: FailedSelection,
  waitMs: number,
  { stdout, stderr, asJson }: Output,
): Promise<number> {
  const progress = createProgress(stderr)
  let isWaiting = false
  const { signal, stop } = stopOnSignal(() =>
    progress.line(isWaiting ? 'no longer waiting: the jobs go on' : 'stopping'),
  )
  const startedAt = Date.now()
  let counts = nothingReplayed
  let jobs: ReplayedJobs | undefined
  const ids: string[] = []
  try {
    counts = await replayFailed(opened, selection, {
      signal,
      onReplayed: (id) => void ids.push(id),
      onProgress(soFar) {
        counts = soFar
        const done = countDone(soFar)
        if (done === 0) progress.at('reading failed jobs', soFar.seen, undefined)
        else progress.at('replayed', done, soFar.matched)
      },
    })
    progress.end(`replayed after ${duration(Date.now() - startedAt)}`)
    isWaiting = true
    if (ids.length > 0 && waitMs > 0) {
      const onProgress = showReplayed(progress, ids.length)
      jobs = await followReplayed(opened, ids, { timeoutMs: waitMs, signal, onProgress })
      progress.end(
        `${isSettled(jobs) ? 'done' : 'stopped waiting'} after ${duration(Date.now() - startedAt)}`,
      )
    }
    if (asJson) stdout.write(toJson({ ...counts, jobs }))
    else {
      stdout.write(`${renderEnd(counts)}${jobs ? renderReplayed(jobs) : ''}`)
      await reportDelayed(opened, jobs?.delayed ?? 0, stdout)
    }
    return signal.aborted ? 130 : toExitCode(counts, jobs)
  } catch (error) {
    if (isWaiting) throw error
    progress.end('stopped: jobs replayed so far stay replayed; run it again to go on')
    stdout.write(asJson ? toJson(counts) : renderEnd(counts))
    if (!signal.aborted) throw error
    return 130
  } finally {
    stop()
  }
}

function toExitCode({ failed }: ReplayCounts, jobs: ReplayedJobs | undefined): number {
  if (failed > 0) return 1
  if (!jobs) return 0
  if (jobs.failed + jobs.delayed > 0) return 3
  return isSettled(jobs) ? 0 : 4
}

// A terminal shows the progress; what is wrong is a line of its own, once.
function showReplayed(progress: Progress, replayed: number) {
  let said: ReplayedJobs['standstill']
  return (jobs: ReplayedJobs): void => {
    const { active, waiting, standstill, failed, delayed } = jobs
    if (standstill && standstill !== said) progress.line(renderStandstill(standstill))
    said = standstill
    const again = failed + delayed
    const detail = again > 0 ? `${number(again)} failed again` : ''
    progress.at('done', replayed - active - waiting, replayed, detail)
  }
}

async function reportDelayed(
  opened: OpenQueue,
  known: number,
  stdout: typeof process.stdout,
): Promise<void> {
  const { delayed } = await readQueueDepth(opened)
  if (delayed > known) stdout.write(renderDelayed(delayed - known))
}

function readSelection({
  type,
  reason,
  since,
  until,
  includeInvalid,
}: ReplayCommand): FailedSelection {
  const types = type?.split(/[\s,]+/).filter((name) => name !== '')
  return {
    types,
    reason,
    since: readMoment('--since', since),
    until: readMoment('--until', until),
    includeInvalid,
  }
}

function readMoment(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const moment = parseMoment(text)
  if (moment !== undefined) return moment
  throw new Error(`${option} must be a time ago, such as 2h, or a time, such as 2026-11-30T14:05Z`)
}

const toJson = (counts: object) => `${JSON.stringify(counts, undefined, 2)}\n`

/**
 * Opens the queue of this environment, or of the `start` that runs here where the environment names none.
 *
 * @throws {ConfigError} when no queue is set; an Error with the cause when it does not answer.
 */
async function openQueueOf(env: NodeJS.ProcessEnv): Promise<OpenQueue> {
  const complete = withRunningQueue(env)
  const settings = readConfig(queueVariables, complete, missingQueue(complete))
  const location = locateQueue({
    redisUrl: settings.REDIS_URL,
    databaseUrl: settings.DATABASE_URL,
  })
  let lastError: Error | undefined
  const opened = openQueue(location, { onError: (error) => (lastError = error) })
  try {
    // A queue fails fast, also in the moment before its first connection.
    await retry(() => readQueueDepth(opened), {
      firstDelayMs: retryDelayMs,
      timeoutMs: answerTimeoutMs,
    })
    return opened
  } catch (error) {
    await opened.close()
    const reason = errorMessage(lastError ?? error)
    throw new Error(`the queue does not answer: ${reason}. "clerk-sync doctor" looks into it`, {
      cause: error,
    })
  }
}

function withRunningQueue(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['REDIS_URL'] || env['DATABASE_URL']) return env
  const running = findRunning(locateDataDir())
  if (!running) return env
  return { ...env, DATABASE_URL: running.databaseUrl, REDIS_URL: running.redisUrl }
}
