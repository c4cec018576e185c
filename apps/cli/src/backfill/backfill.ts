import { backfill as run, totalOf } from '@clerk-sync/sync'
import type { BackfillResult } from '@clerk-sync/sync'
import { chooseEntities, openClerkAccess } from '../clerk-access/open-clerk-access.ts'
import { createProgress, stopOnSignal } from '../terminal/progress.ts'
import { unreadableFields } from '../terminal/unreadable-fields.ts'
import { duration, number, renderColumns } from '../terminal/text.ts'

export interface BackfillCommand {
  entities?: string
  resume?: true
  dryRun?: true
  rate?: number
}

// The first ones show what is wrong.
const mostProblems = 20

/** Reads all of Clerk into the tables. Returns the exit code. */
export async function backfill(
  options: BackfillCommand,
  env: NodeJS.ProcessEnv,
  { stdout, stderr } = process,
): Promise<number> {
  if (options.resume && options.dryRun) throw new Error('--resume and --dry-run exclude each other')
  const progress = createProgress(stderr)
  const { signal, stop } = stopOnSignal((text) => progress.line(text))
  const access = await openClerkAccess(env, {
    rate: options.rate,
    signal,
    onRetry: (line) => progress.line(line),
  })
  let problems = 0
  let written = 0
  const startedAt = Date.now()
  try {
    const results = await run({
      ...access,
      entities: chooseEntities(access.kept, options.entities),
      resume: options.resume ?? false,
      dryRun: options.dryRun ?? false,
      signal,
      onWait: ({ reason, inMs }) => progress.line(`${reason}; again in ${inMs / 1_000} s`),
      onProgress({ entity, counts, total }) {
        written += 1
        progress.at(entity.table, totalOf(counts), total, `${number(counts.created)} new`)
      },
      onUnreadable: unreadableFields((text) => progress.line(text)),
      onProblem(entity, problem) {
        problems += 1
        if (problems <= mostProblems) progress.line(`${entity.table}: ${problem}`)
      },
    })
    const hidden = problems - mostProblems
    if (hidden > 0) progress.line(`and ${number(hidden)} more problems`)
    const isStopped = results.some(({ stopped }) => stopped)
    const took = duration(Date.now() - startedAt)
    progress.end(`${isStopped ? 'stopped' : 'done'} after ${took}`)
    stdout.write(renderResults(results, options.dryRun ?? false))
    if (isStopped) return 130
    return problems > 0 ? 1 : 0
  } catch (error) {
    if (written > 0 && !options.dryRun) {
      progress.end('what was read so far is written; --resume continues from there')
    }
    throw error
  } finally {
    stop()
    await access.close()
  }
}

function renderResults(results: readonly BackfillResult[], dryRun: boolean): string {
  const columns = ['created', 'updated', 'unchanged', 'stale', 'failed'] as const
  const rows = results.map((result) => [
    result.entity.table,
    ...columns.map((column) => number(result.counts[column])),
    remark(result, dryRun),
  ])
  const head = [dryRun ? 'would be' : '', ...columns, '']
  return `${renderColumns([head, ...rows])}\n`
}

function remark({ skipped, stopped, wasFinished }: BackfillResult, dryRun: boolean): string {
  if (skipped !== undefined) return `skipped: ${skipped}`
  if (stopped) return dryRun ? 'stopped' : 'stopped: --resume goes on'
  return wasFinished ? 'was finished before' : ''
}
