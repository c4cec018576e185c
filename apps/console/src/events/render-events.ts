import { outcomes } from '@clerk-sync/db'
import type { LedgerPage, LedgerRow } from '@clerk-sync/db'
import { eventTypes } from '@clerk-sync/events'
import { html } from '../html.ts'
import type { Html, Part } from '../html.ts'
import { badge, card, number, table, time, timeField } from '../page-parts.ts'
import { boardPath, eventsPath, peoplePath, renderPage } from '../render-page.ts'
import type { EventsForm } from './events-routes.ts'

export interface EventsPage {
  readonly form: EventsForm
  /** Undefined when the ledger can't be read. */
  readonly page: LedgerPage | undefined
  readonly problem: string | undefined
  /** Where the next page is. */
  readonly olderHref: string | undefined
  readonly queueName: string
}

export function renderEventsPage({
  form,
  page,
  problem,
  olderHref,
  queueName,
}: EventsPage): string {
  return renderPage({
    title: 'Events',
    path: eventsPath,
    body: html`<h1>Events</h1>
      <p class="lead">
        The ledger: every event that was processed, the newest first. What waits or has failed is on
        the <a href="${boardPath}">board</a>.
      </p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`} ${renderForm(form)}
      ${page && renderList(page, { form, olderHref, queueName })}`,
  })
}

function renderForm({ id, type, outcome, from, to }: EventsForm): Html {
  return html`<form class="card" action="${eventsPath}" method="get">
    <div class="fields">
      <label
        >Id of a user, an organization, any entity, or the svix-id
        <input name="id" value="${id}" maxlength="255" autocomplete="off" spellcheck="false" />
      </label>
      <label
        >Type
        <input name="type" value="${type}" list="types" maxlength="255" autocomplete="off" />
      </label>
      <datalist id="types">
        ${eventTypes.map((name) => html`<option value="${name}"></option>`)}
      </datalist>
      <label
        >Outcome
        <select name="outcome">
          <option value="">All outcomes</option>
          ${outcomes
            .filter((name) => name !== 'duplicate')
            .map(
              (name) =>
                html`<option value="${name}" ${name === outcome && html`selected`}>
                  ${name}
                </option>`,
            )}
        </select>
      </label>
      ${timeField({ label: 'Received from', name: 'from', value: from })}
      ${timeField({ label: 'Received to', name: 'to', value: to })}
    </div>
    <div class="buttons">
      <button type="submit" class="primary">Search</button>
      <a href="${eventsPath}">Reset</a>
    </div>
  </form>`
}

function renderList(
  { rows, readTo }: LedgerPage,
  { form, olderHref, queueName }: Pick<EventsPage, 'form' | 'olderHref' | 'queueName'>,
): Html {
  const older = olderHref && html`<p><a href="${olderHref}">Older events</a></p>`
  const end =
    readTo &&
    html`<p class="muted">
      No index leads to a type or an outcome: the ledger was read back to ${time(readTo.getTime())}.
    </p>`
  if (rows.length > 0) {
    return card({
      id: 'list',
      title: 'Found',
      body: [renderLedger(rows, 'Events, the newest first'), end, older],
    })
  }
  const job = `${boardPath}/queue/${queueName}/${encodeURIComponent(form.id)}`
  const isSvixId = form.id.startsWith('msg_')
  return card({
    id: 'list',
    title: 'Nothing found',
    body: [
      end ?? html`<p>No event in the ledger is as asked for.</p>`,
      isSvixId &&
        html`<p>
          It may wait or have failed: <a href="${job}">look for its job on the board</a>.
        </p>`,
      older,
    ],
  })
}

const kinds = { applied: 'good', deleted: 'warning' } as const

/** Ledger rows as a table. */
export function renderLedger(rows: readonly LedgerRow[], label: string): Html {
  return table({
    label,
    columns: [
      { title: 'Received' },
      { title: 'Type' },
      { title: 'Outcome' },
      { title: 'Concerns' },
      { title: 'Changed' },
      { title: 'Occurred' },
      { title: 'Processed' },
      { title: 'svix-id' },
    ],
    rows: rows.map((row) => [
      time(row.receivedAt.getTime()),
      row.type,
      badge(kinds[row.outcome as keyof typeof kinds] ?? 'plain', row.outcome),
      concerned(row),
      renderChanged(row.changedColumns ?? []),
      time(row.occurredAt.getTime()),
      time(row.processedAt.getTime()),
      html`<code>${row.id}</code>`,
    ]),
  })
}

// A new user changes all columns: such lists would fill the page.
const mostChanged = 3

function renderChanged(columns: readonly string[]): Part {
  if (columns.length <= mostChanged) return columns.join(', ')
  return html`<details>
    <summary>${number(columns.length)} columns</summary>
    ${columns.join(', ')}
  </details>`
}

function concerned({ entityId, userId, organizationId }: LedgerRow): Part {
  const ids = [...new Set([entityId, userId, organizationId])].filter((id) => id !== null)
  return ids.map((id, at) => [at > 0 && html`<br />`, idLink(id)])
}

/** A link to what is known of an id. */
export function idLink(id: string): Html {
  return html`<a href="${peoplePath}?q=${encodeURIComponent(id)}"><code>${id}</code></a>`
}

/** How many there are, also where counting ended before. */
export const total = ({ number: least, isMore }: { number: number; isMore: boolean }) =>
  isMore ? `more than ${number(least)}` : number(least)
