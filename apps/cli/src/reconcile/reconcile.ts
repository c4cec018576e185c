import type { Database } from '@clerk-sync/db'
import { driftOf, isComplete, nameStarter, reconcile as run } from '@clerk-sync/sync'
import type { EntityDrift, DeleteLimit } from '@clerk-sync/sync'
import { chooseEntities, openClerkAccess } from '../clerk-access/open-clerk-access.ts'
import { createProgress, stopOnSignal } from '../terminal/progress.ts'
import { unreadableFields } from '../terminal/unreadable-fields.ts'
import { duration, number, renderColumns } from '../terminal/text.ts'

export interface ReconcileCommand {
  entities?: string
  repair?: true
  maxDeletes: DeleteLimit
  rate?: number
  json?: true
}

const exitDrift = 3
// --json has more.
const mostIds = 5

/** Compares Clerk and the tables, and repairs on request. Returns the exit code. */
export async function reconcile(
  options: ReconcileCommand,
  env: NodeJS.ProcessEnv,
  { stdout, stderr } = process,
): Promise<number> {
  const progress = createProgress(stderr)
  const { signal, stop } = stopOnSignal((text) => progress.line(text))
  const access = await openClerkAccess(env, {
    rate: options.rate,
    signal,
    onRetry: (line) => progress.line(line),
  })
  const startedAt = Date.now()
  try {
    const found = await run({
      ...access,
      entities: chooseEntities(access.kept, options.entities),
      repair: options.repair ? { maxDeletes: options.maxDeletes } : undefined,
      startedBy: nameStarter('clerk-sync reconcile'),
      signal,
      onWait: ({ reason, inMs }) => progress.line(`${reason}; again in ${inMs / 1_000} s`),
      onUnreadable: unreadableFields((text) => progress.line(text)),
      onProgress: ({ entity, seen, total }) => progress.at(entity.table, seen, total),
    })
    progress.end(`done after ${duration(Date.now() - startedAt)}`)
    stdout.write(
      options.json ? renderJson(found) : renderDrift(found, await findSamples(access.db, found)),
    )
    if (!isComplete(found)) return 1
    return driftOf(found) > 0 ? exitDrift : 0
  } catch (error) {
    if (!signal.aborted) throw error
    progress.end(options.repair ? 'stopped: what was repaired stays' : 'stopped')
    return 130
  } finally {
    stop()
    await access.close()
  }
}

const renderJson = (found: readonly EntityDrift[]) =>
  `${JSON.stringify({ drift: driftOf(found), complete: isComplete(found), entities: found }, undefined, 2)}\n`

// Their svix-ids are longer than those of Svix, as trigger makes them.
const isOfTrigger = `event_id ~ '^msg_[0-9a-f]{40}$'`

/** Of the tables with rows that Clerk does not have, how many of those shown are samples of `trigger`. */
async function findSamples(
  db: Database,
  found: readonly EntityDrift[],
): Promise<ReadonlyMap<string, number>> {
  const samples = new Map<string, number>()
  for (const { table, ids } of found) {
    if (ids.extra.length === 0) continue
    const [row] = await db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM clerk.${table} WHERE id = ANY($1) AND ${isOfTrigger}`,
      ids.extra,
    )
    if (row && row.count > 0) samples.set(table, row.count)
  }
  return samples
}

function renderSamples(
  { table, drift, ids }: EntityDrift,
  samples: ReadonlyMap<string, number>,
): string[] {
  const count = samples.get(table)
  if (count === undefined) return []
  const of = drift.extra > ids.extra.length ? ` of the first ${ids.extra.length}` : ''
  return [
    `${table}, extra: ${number(count)}${of} ${count === 1 ? 'is a sample' : 'are samples'} of "clerk-sync trigger", which Clerk has never had; --repair deletes ${count === 1 ? 'it' : 'them'}`,
  ]
}

function renderDrift(found: readonly EntityDrift[], samples: ReadonlyMap<string, number>): string {
  const columns = ['missing', 'stale', 'extra', 'resurrected'] as const
  const head = ['', 'in Clerk', ...columns, 'repaired', '']
  const rows = found.map(({ table, seen, drift, repaired, ...rest }) => [
    table,
    number(seen),
    ...columns.map((kind) => number(drift[kind])),
    number(repaired),
    remark(rest),
  ])
  const reasons = found.flatMap(({ table, unread, refused, reasons: first }) => {
    const more = unread + refused - first.length
    const lines = first.map((reason) => `${table}: ${reason}`)
    return more > 0 ? [...lines, `${table}: and ${number(more)} more`] : lines
  })
  const ids = found.flatMap(({ table, drift, ids: first }) =>
    columns
      .filter((kind) => drift[kind] > 0)
      .map((kind) => {
        const shown = first[kind].slice(0, mostIds)
        const more = drift[kind] - shown.length
        return `${table}, ${kind}: ${shown.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}`
      }),
  )
  const explained = found.flatMap((drift) => renderSamples(drift, samples))
  const sum = driftOf(found)
  const known = sum === 0 ? 'no drift' : `drift: ${number(sum)}`
  const unknown = sum === 0 ? 'no drift in what could be compared' : `${known}, as far as compared`
  const end = isComplete(found)
    ? known
    : `not everything could be compared and repaired; ${unknown}`
  return `${[renderColumns([head, ...rows]), ...ids, ...explained, ...reasons, end].join('\n')}\n`
}

function remark({
  problem,
  note,
  unread,
  refused,
}: Pick<EntityDrift, 'problem' | 'note' | 'unread' | 'refused'>): string {
  const parts = [
    ...(problem === undefined ? [] : [`not compared to its end: ${problem}`]),
    ...(unread > 0 ? [`${number(unread)} could not be read`] : []),
    ...(refused > 0 ? [`${number(refused)} repairs were refused`] : []),
    ...(note === undefined ? [] : [note]),
  ]
  return parts.join('; ')
}
