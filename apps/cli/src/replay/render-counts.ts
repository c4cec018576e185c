import type { FailedCounts, FailedGroup } from '@clerk-sync/queue'
import { number } from '../catch-up/progress.ts'
import { renderColumns } from '../catch-up/render-columns.ts'

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
