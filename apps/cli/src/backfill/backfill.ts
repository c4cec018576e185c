import { backfill as run, nameStarter, readDeployment, totalOf } from '@clerk-sync/sync'
import type { BackfillResult } from '@clerk-sync/sync'
import { chooseEntities, openClerkAccess } from '../clerk-access/open-clerk-access.ts'
import { createProgress, stopOnSignal } from '../terminal/progress.ts'
import { unreadableFields } from '../terminal/unreadable-fields.ts'
import { duration, number, renderColumns } from '../terminal/text.ts'

export interface BackfillCommand {
  entities?: string
  resume?: true
  dryRun?: true
  refill?: true
  rate?: number
  json?: true
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
      refill: options.refill ?? false,
      startedBy: nameStarter('clerk-sync backfill'),
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
    const isComplete = problems === 0 && results.every(({ problem }) => problem === undefined)
    const took = duration(Date.now() - startedAt)
    progress.end(`${endOf({ isStopped, isComplete })} after ${took}`)
    const unfilled = options.refill ? [] : (await readDeployment(access.db)).unfilled
    if (unfilled.length > 0) progress.line(refillHint(unfilled))
    stdout.write(
      options.json
        ? renderJson(results, isComplete && !isStopped)
        : renderResults(results, options.dryRun ?? false),
    )
    if (isStopped) return 130
    return isComplete ? 0 : 1
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

function endOf({ isStopped, isComplete }: { isStopped: boolean; isComplete: boolean }): string {
  if (isStopped) return 'stopped'
  return isComplete ? 'done' : 'ended, but not everything could be read and written,'
}

/** What to do about fields that rows lack because they were written before the field was kept. */
function refillHint(unfilled: readonly string[]): string {
  const tables = [...new Set(unfilled.map((field) => field.slice(0, field.indexOf('.'))))]
  return `rows that were written before ${unfilled.join(', ')} was kept may lack it: "clerk-sync backfill --refill --entities ${tables.join(',')}" fills it in`
}

const renderJson = (results: readonly BackfillResult[], isComplete: boolean) =>
  `${JSON.stringify(
    {
      complete: isComplete,
      entities: results.map(({ entity, ...result }) => ({
        entity: entity.name,
        table: entity.table,
        ...result,
      })),
    },
    undefined,
    2,
  )}\n`

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

function remark(
  { skipped, problem, stopped, wasFinished }: BackfillResult,
  dryRun: boolean,
): string {
  if (skipped !== undefined) return `skipped: ${skipped}`
  if (problem !== undefined) return `not read to its end: ${problem}`
  if (stopped) return dryRun ? 'stopped' : 'stopped: --resume goes on'
  return wasFinished ? 'was finished before' : ''
}
