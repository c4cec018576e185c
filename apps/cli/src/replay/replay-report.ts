import type { FailedCounts, FailedGroup, ReplayCounts, ReplayedJobs } from '@clerk-sync/queue'
import { number, renderColumns } from '../terminal/text.ts'

// --json has more.
const mostGroups = 20

/** What a dry run found. */
export function renderCounts(counts: FailedCounts): string {
  const { failed, selected, types, reasons, oldest, newest, leftOut, leftOutReasons } = counts
  const parts = [`${number(selected)} of ${number(failed)} failed jobs would be replayed`]
  if (oldest !== undefined && newest !== undefined) {
    parts.push(`They failed between ${timeOf(oldest)} and ${timeOf(newest)}.`)
    parts.push('', renderGroups('type', types), '', renderGroups('reason', reasons))
  }
  if (leftOut > 0) {
    if (parts.length > 1) parts.push('')
    parts.push(renderLeftOut(leftOut), '', renderGroups('reason', leftOutReasons))
  }
  return `${parts.join('\n').replace(/ +$/gm, '')}\n`
}

const renderLeftOut = (leftOut: number) =>
  `${number(leftOut)} more ${leftOut === 1 ? 'is' : 'are'} left out: ${leftOut === 1 ? 'an invalid event' : 'invalid events'}, which no attempt can apply (--include-invalid replays them all the same)`

function renderGroups(title: string, groups: readonly FailedGroup[]): string {
  const rows = groups.slice(0, mostGroups).map(({ name, count }) => ['', number(count), name])
  const hidden = groups.length - mostGroups
  const more = hidden > 0 ? [['', '', `and ${number(hidden)} more kinds`]] : []
  return renderColumns([['', 'jobs', title], ...rows, ...more])
}

const timeOf = (ms: number) => new Date(ms).toISOString()

/** What a replay did. */
export function renderEnd({ matched, replayed, gone, failed, leftOut }: ReplayCounts): string {
  const parts = [
    `${number(replayed)} of ${number(matched)} jobs replayed`,
    ...(gone > 0 ? [`${number(gone)} were removed or replayed by somebody else`] : []),
    ...(failed > 0 ? [`${number(failed)} could not be moved and stay failed`] : []),
  ]
  const more = leftOut > 0 ? `${renderLeftOut(leftOut)}\n` : ''
  return `${parts.join(', ')}\n${more}`
}

/** What became of the replayed jobs. */
export function renderReplayed(jobs: ReplayedJobs): string {
  const { succeeded, failed, delayed, active, waiting, reasons, standstill } = jobs
  const parts = [
    `${number(succeeded)} succeeded`,
    ...(failed > 0 ? [`${number(failed)} failed again`] : []),
    ...(delayed > 0 ? [`${number(delayed)} failed again and will be retried`] : []),
    ...(active > 0 ? [`${number(active)} still ${active === 1 ? 'runs' : 'run'}`] : []),
    ...(waiting > 0 ? [`${number(waiting)} still ${waiting === 1 ? 'waits' : 'wait'}`] : []),
  ]
  const why = standstill ? `${renderStandstill(standstill)}\n` : ''
  const groups = reasons.length > 0 ? `\n${renderGroups('reason', reasons)}\n` : ''
  return `${parts.join(', ')}\n${why}${groups}`.replace(/ +$/gm, '')
}

/** Why replayed jobs don't run, and what to do. */
export function renderStandstill(standstill: 'paused' | 'no worker'): string {
  return standstill === 'paused'
    ? 'no worker takes jobs: the queue is paused. Resume it on the board'
    : 'no worker has taken a job for 5 s: is one running, and can it reach its database? "clerk-sync doctor" looks into it'
}

/** Jobs that wait for their next attempt: an operator who has just seen an event fail looks for it here. */
export function renderDelayed(delayed: number): string {
  return `${number(delayed)} more failed and ${delayed === 1 ? 'waits' : 'wait'} for the next attempt: that needs no replay\n`
}
