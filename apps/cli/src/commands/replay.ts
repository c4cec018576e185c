import { countDone, countFailed, readQueueDepth, replayFailed } from '@clerk-sync/queue'
import type { FailedSelection, OpenQueue, ReplayCounts } from '@clerk-sync/queue'
import { createProgress, duration, number } from '../catch-up/progress.ts'
import { stopOnSignal } from '../catch-up/stop-on-signal.ts'
import { openQueueOf } from '../replay/open-queue-of.ts'
import { parseMoment } from '../replay/parse-moment.ts'
import { renderCounts } from '../replay/render-counts.ts'

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
    progress.end(`done after ${duration((Date.now() - startedAt) / 1_000)}`)
    stdout.write(asJson ? toJson(counts) : renderEnd(counts))
    return counts.failed > 0 ? 1 : 0
  } catch (error) {
    progress.end('what was replayed until now stays so: run it again to go on')
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

// Whoever has just seen an event fail looks for it here.
function renderDelayed(delayed: number): string {
  return `${number(delayed)} more failed and ${delayed === 1 ? 'waits' : 'wait'} for the next attempt: that needs no replay\n`
}

const toJson = (counts: object) => `${JSON.stringify(counts, undefined, 2)}\n`

function renderEnd({ matched, replayed, gone, failed }: ReplayCounts): string {
  const parts = [
    `${number(replayed)} of ${number(matched)} jobs replayed`,
    ...(gone > 0 ? [`${number(gone)} were gone already`] : []),
    ...(failed > 0 ? [`${number(failed)} could not be moved and stay failed`] : []),
  ]
  return `${parts.join(', ')}\n`
}
