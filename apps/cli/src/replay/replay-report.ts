import type { FailedCounts, FailedGroup, ReplayCounts } from '@clerk-sync/queue'
import { number, renderColumns } from '../terminal/text.ts'

// --json has more.
const mostGroups = 20

/** What a dry run found. */
export function renderCounts(counts: FailedCounts): string {
  const { failed, selected, types, reasons, oldest, newest } = counts
  const head = `${number(selected)} of ${number(failed)} failed jobs would be replayed`
  if (oldest === undefined || newest === undefined) return `${head}\n`
  const between = `They failed between ${timeOf(oldest)} and ${timeOf(newest)}.`
  return [head, between, '', renderGroups('type', types), '', renderGroups('reason', reasons), '']
    .join('\n')
    .replace(/ +$/gm, '')
}

function renderGroups(title: string, groups: readonly FailedGroup[]): string {
  const rows = groups.slice(0, mostGroups).map(({ name, count }) => ['', number(count), name])
  const hidden = groups.length - mostGroups
  const more = hidden > 0 ? [['', '', `and ${number(hidden)} more kinds`]] : []
  return renderColumns([['', 'jobs', title], ...rows, ...more])
}

const timeOf = (ms: number) => new Date(ms).toISOString()

/** What a replay did. */
export function renderEnd({ matched, replayed, gone, failed }: ReplayCounts): string {
  const parts = [
    `${number(replayed)} of ${number(matched)} jobs replayed`,
    ...(gone > 0 ? [`${number(gone)} were removed or replayed by somebody else`] : []),
    ...(failed > 0 ? [`${number(failed)} could not be moved and stay failed`] : []),
  ]
  return `${parts.join(', ')}\n`
}

/** Jobs that wait for their next attempt: an operator who has just seen an event fail looks for it here. */
export function renderDelayed(delayed: number): string {
  return `${number(delayed)} more failed and ${delayed === 1 ? 'waits' : 'wait'} for the next attempt: that needs no replay\n`
}
