import { readFailed, selectJob } from './failed-jobs.ts'
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
  /** Would be selected, but their events are invalid: replaying them won't help. */
  readonly leftOut: number
  readonly leftOutReasons: readonly FailedGroup[]
  /** In milliseconds; undefined when none is selected. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
}

/** Counts failed jobs, without their data. @throws when the queue does not answer. */
export async function countFailed(
  opened: OpenQueue,
  selection: FailedSelection = {},
  signal?: AbortSignal,
): Promise<FailedCounts> {
  const allTypes = new Map<string, number>()
  const types = new Map<string, number>()
  const reasons = countReasons()
  const leftOutReasons = countReasons()
  let failed = 0
  let selected = 0
  let leftOut = 0
  let oldest: number | undefined
  let newest: number | undefined

  function add(job: FailedJob): void {
    failed += 1
    addTo(allTypes, job.type)
    const choice = selectJob(job, selection)
    if (choice === 'left out') {
      leftOut += 1
      leftOutReasons.add(job.reason)
    }
    if (choice !== 'selected') return
    selected += 1
    addTo(types, job.type)
    reasons.add(job.reason)
    oldest = Math.min(oldest ?? job.failedAt, job.failedAt)
    newest = Math.max(newest ?? job.failedAt, job.failedAt)
  }

  for await (const jobs of readFailed(opened, signal)) for (const job of jobs) add(job)
  return {
    failed,
    allTypes: largestFirst(allTypes),
    selected,
    types: largestFirst(types),
    reasons: reasons.groups(),
    leftOut,
    leftOutReasons: leftOutReasons.groups(),
    oldest,
    newest,
  }
}

// Many different reasons would fill the memory.
const mostReasons = 1_000

/** Counts reasons; similar ones are one group. */
export function countReasons() {
  const reasons = new Map<string, number>()
  return {
    add(reason: string): void {
      const group = groupReason(reason)
      addTo(reasons, reasons.has(group) || reasons.size < mostReasons ? group : 'other reasons')
    },
    groups: () => largestFirst(reasons),
  }
}

const addTo = (groups: Map<string, number>, name: string) =>
  groups.set(name, (groups.get(name) ?? 0) + 1)

function largestFirst(groups: Map<string, number>): FailedGroup[] {
  return [...groups]
    .map(([name, count]) => ({ name, count }))
    .toSorted((one, other) => other.count - one.count || one.name.localeCompare(other.name))
}
