import {
  countDone,
  countFailed,
  readQueueDepth,
  replayFailed,
  locateQueue,
  missingQueue,
  openQueue,
  redisUrl,
} from '@clerk-sync/queue'
import type { FailedSelection, OpenQueue, ReplayCounts } from '@clerk-sync/queue'
import { errorMessage, optionalPostgresUrl, readConfig, retry } from '@clerk-sync/ops'
import { createProgress, stopOnSignal } from '../terminal/progress.ts'
import { duration } from '../terminal/text.ts'
import { parseMoment } from '../terminal/parse-option.ts'
import { locateDataDir } from '../start/data-dir.ts'
import { findRunning } from '../start/running.ts'
import { renderCounts, renderDelayed, renderEnd } from './replay-report.ts'

const queueVariables = { REDIS_URL: redisUrl, DATABASE_URL: optionalPostgresUrl }
const answerTimeoutMs = 3_000
const retryDelayMs = 100

export interface ReplayCommand {
  failed?: true
  type?: string
  reason?: string
  since?: string
  until?: string
  dryRun?: true
  json?: true
}

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
  const opened = await openQueueOf(env)
  try {
    const code = options.dryRun
      ? await count(opened, selection, { stdout, asJson: options.json ?? false })
      : await run(opened, selection, { stdout, stderr, asJson: options.json ?? false })
    if (code !== 0 || options.json) return code
    const { delayed } = await readQueueDepth(opened)
    if (delayed > 0) stdout.write(renderDelayed(delayed))
    return code
  } finally {
    await opened.close()
  }
}

async function count(
  opened: OpenQueue,
  selection: FailedSelection,
  { stdout, asJson }: Pick<typeof process, 'stdout'> & { asJson: boolean },
): Promise<number> {
  const counts = await countFailed(opened, selection)
  stdout.write(asJson ? toJson(counts) : renderCounts(counts))
  return 0
}

async function run(
  opened: OpenQueue,
  selection: FailedSelection,
  { stdout, stderr, asJson }: Pick<typeof process, 'stdout' | 'stderr'> & { asJson: boolean },
): Promise<number> {
  const progress = createProgress(stderr)
  const { signal, stop } = stopOnSignal((text) => progress.line(text))
  const startedAt = Date.now()
  let counts: ReplayCounts = { seen: 0, matched: 0, replayed: 0, gone: 0, failed: 0 }
  try {
    counts = await replayFailed(opened, selection, {
      signal,
      onProgress(soFar) {
        counts = soFar
        const done = countDone(soFar)
        if (done === 0) progress.at('reading failed jobs', soFar.seen, undefined)
        else progress.at('replayed', done, soFar.matched)
      },
    })
    progress.end(`done after ${duration(Date.now() - startedAt)}`)
    stdout.write(asJson ? toJson(counts) : renderEnd(counts))
    return counts.failed > 0 ? 1 : 0
  } catch (error) {
    progress.end('stopped: jobs replayed so far stay replayed; run it again to go on')
    stdout.write(asJson ? toJson(counts) : renderEnd(counts))
    if (!signal.aborted) throw error
    return 130
  } finally {
    stop()
  }
}

function readSelection({ type, reason, since, until }: ReplayCommand): FailedSelection {
  const types = type?.split(/[\s,]+/).filter((name) => name !== '')
  return {
    types,
    reason,
    since: readMoment('--since', since),
    until: readMoment('--until', until),
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
