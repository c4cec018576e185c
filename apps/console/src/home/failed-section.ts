import { shareReading } from '@clerk-sync/ops/metrics'
import { countFailed } from '@clerk-sync/queue'
import type { FailedGroup, OpenQueue } from '@clerk-sync/queue'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { badge, number, table } from '../page-parts.ts'
import { replayPath } from '../render-page.ts'
import type { HomeSection } from './home-routes.ts'

const mostReasons = 10
// Counting reads every failed job: 25 ms for 1,000.
const countEveryMs = 10_000
const shortestPart = 4

/** The failed jobs by reason, each with the way to replay it. Reasons show no values. */
export function createFailedSection(queue: OpenQueue): HomeSection {
  const read = shareReading(() => countFailed(queue), { keepMs: countEveryMs })
  return {
    id: 'failed',
    title: 'Failed jobs',
    async render() {
      const counts = await read()
      if (!counts)
        return html`<p>
          Counting takes long, or the queue does not answer.
          <a href="${replayPath}">The page to replay them</a> counts them, however many.
        </p>`
      if (counts.failed === 0)
        return html`<p>${badge('good', 'none')} No job has failed for good.</p>`
      const shown = counts.reasons.slice(0, mostReasons)
      const invalid = counts.leftOutReasons.slice(0, mostReasons)
      return html`<p>
          ${badge('problem', `${number(counts.failed)} failed`)} They stay until someone replays
          them. Remove the cause first.
        </p>
        ${table({
          label: 'Failed jobs by reason',
          columns: [{ title: 'Reason' }, { title: 'Jobs', isNumber: true }, { title: 'Replay' }],
          rows: [
            ...shown.map((group) => [...renderGroup(group), renderLink(group.name)]),
            ...invalid.map((group) => [
              ...renderGroup(group),
              'does not help: the event itself is invalid',
            ]),
          ],
        })}
        ${counts.reasons.length > shown.length && html`<p><a href="${replayPath}">All ${number(counts.reasons.length)} reasons</a></p>`}`
    },
  }
}

const renderGroup = ({ name, count }: FailedGroup) => [
  name === '' ? '(no reason)' : name,
  number(count),
]

function renderLink(reason: string): Html {
  const part = partOf(reason)
  const query = part === '' ? '' : `?${new URLSearchParams({ reason: part }).toString()}`
  return html`<a href="${replayPath}${query}" aria-label="Replay: ${reason}">Replay…</a>`
}

/** What the reasons of a group have in common as they are in the queue: the longest part without a hidden value. */
export function partOf(reason: string): string {
  const parts = reason.split(/["'(=]*…["')]*/).map((part) => part.trim())
  const longest = parts.reduce((one, other) => (other.length > one.length ? other : one), '')
  return longest.length < shortestPart ? '' : longest
}
