import { isSelected, readFailed } from './failed-jobs.ts'
import type { FailedJob, FailedSelection } from './failed-jobs.ts'
import { groupReason } from './hide-values.ts'
import type { OpenQueue } from './open-queue.ts'

export interface FailedGroup {
  readonly name: string
  readonly count: number
}

/** Counts of the failed jobs and of those that a selection includes; the largest groups first. */
export interface FailedCounts {
  readonly failed: number
  /** The types of all failed jobs, also of those that are not selected. */
  readonly allTypes: readonly FailedGroup[]
  readonly selected: number
  readonly types: readonly FailedGroup[]
  /** Similar reasons are one group, without values and ids. */
  readonly reasons: readonly FailedGroup[]
  /** In milliseconds; undefined when none is selected. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
}

// Many different reasons would fill the memory.
const mostReasons = 1_000

/** Counts failed jobs, without their data. @throws when the queue does not answer. */
export async function countFailed(
  opened: OpenQueue,
  selection: FailedSelection = {},
  signal?: AbortSignal,
): Promise<FailedCounts> {
  const allTypes = new Map<string, number>()
  const types = new Map<string, number>()
  const reasons = new Map<string, number>()
  let failed = 0
  let selected = 0
  let oldest: number | undefined
  let newest: number | undefined

  function add(job: FailedJob): void {
    failed += 1
    addTo(allTypes, job.type)
    if (!isSelected(job, selection)) return
    selected += 1
    addTo(types, job.type)
    const reason = groupReason(job.reason)
    addTo(reasons, reasons.has(reason) || reasons.size < mostReasons ? reason : 'other reasons')
    oldest = Math.min(oldest ?? job.failedAt, job.failedAt)
    newest = Math.max(newest ?? job.failedAt, job.failedAt)
  }

  for await (const jobs of readFailed(opened, signal)) for (const job of jobs) add(job)
  return {
    failed,
    allTypes: largestFirst(allTypes),
    selected,
    types: largestFirst(types),
    reasons: largestFirst(reasons),
    oldest,
    newest,
  }
}

const addTo = (groups: Map<string, number>, name: string) =>
  groups.set(name, (groups.get(name) ?? 0) + 1)

function largestFirst(groups: Map<string, number>): FailedGroup[] {
  return [...groups]
    .map(([name, count]) => ({ name, count }))
    .toSorted((one, other) => other.count - one.count || one.name.localeCompare(other.name))
}
