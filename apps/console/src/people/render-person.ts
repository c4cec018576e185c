import { hidden } from '@clerk-sync/db'
import type { DeletionPreview, FoundRow, FoundRows, IdFacts, Tombstone } from '@clerk-sync/db'
import { isExactNumber } from '@clerk-sync/ops'
import { hideValues } from '@clerk-sync/queue'
import type { LookUp } from '@clerk-sync/sync'
import { idLink, renderLedger, total } from '../events/render-events.ts'
import { html } from '../html.ts'
import type { Html, Part } from '../html.ts'
import { badge, card, number, table, time } from '../page-parts.ts'
import { boardPath, eventsPath, peoplePath, renderPage, replayPath } from '../render-page.ts'
import type { FoundJobs } from './people-routes.ts'

export interface PeoplePage {
  readonly query: string
  readonly showData: boolean
  readonly queueName: string
  /** Absent where nothing was asked for, or the tables can't be read. */
  readonly known?: LookUp
  readonly jobs?: FoundJobs
  readonly problem?: string
}

// The page of all events has the others.
const mostEvents = 20

export function renderPeoplePage(page: PeoplePage): string {
  const { query, showData, known, jobs, problem } = page
  return renderPage({
    title: query === '' ? 'People' : query,
    path: peoplePath,
    body: html`<h1>People</h1>
      <p class="lead">
        What is known of a user, an organization or any other entity: rows as they are kept,
        history, failed jobs, and what a deletion would do. Each search is logged with your name.
      </p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      <form class="card" action="${peoplePath}" method="get">
        <label
          >${showData ? 'Id or email address' : 'Id'}
          <input
            name="q"
            value="${query}"
            maxlength="255"
            required
            autocomplete="off"
            spellcheck="false"
            placeholder="user_2abc"
          />
        </label>
        <div class="buttons"><button type="submit" class="primary">Search</button></div>
      </form>
      ${known && renderKnown(known, page)} ${jobs && renderJobs(jobs, page)}`,
  })
}

function renderKnown({ query, isAddress, found, matches, notes }: LookUp, page: PeoplePage): Part {
  const nothing = isAddress
    ? html`Nobody has or had <code>${query}</code>, as far as the tables and the ledger know.`
    : html`There is no row, no tombstone and no event of <code>${query}</code>.`
  return [
    found.length === 0 &&
      card({ id: 'unknown', title: 'Nothing is known', body: html`<p>${nothing}</p>` }),
    notes.map((note) => html`<p class="muted">Note: ${note}.</p>`),
    matches.length > 0 &&
      card({
        id: 'holders',
        title: 'Who has the address',
        body: table({
          label: 'Ids with this address',
          columns: [{ title: 'Id' }, { title: 'Known from' }],
          rows: matches.map(({ id, table: name, isFormer }) => [
            idLink(id),
            isFormer ? 'the ledger: had it before' : name,
          ]),
        }),
      }),
    found.length > 0 &&
      !page.showData &&
      html`<p class="muted">Personal values are hidden: BOARD_SHOW_DATA=true shows them.</p>`,
    found.map((facts, at) => renderFacts(facts, at)),
  ]
}

// Several may stand on one page, so the ids of the sections have numbers.
function renderFacts(facts: IdFacts, at: number): Part {
  const { id, entity, tombstones, tables, events, deletion } = facts
  const isDeleted = tombstones.some((tombstone) => tombstone.entity === entity)
  return [
    html`<section class="card" aria-labelledby="who-${at}">
      <h2 id="who-${at}"><code>${id}</code></h2>
      <p>
        ${badge('plain', entity?.replaceAll('_', ' ') ?? 'unknown kind')}
        ${isDeleted && badge('warning', 'deleted')}
        ${tables.length === 0 && badge('plain', 'no row is left')}
      </p>
      ${tombstones.map(renderTombstone)} ${deletion && renderDeletion(deletion, events)}
    </section>`,
    tables.map((one) => renderTable(one, facts, at)),
    card({
      id: `events-${at}`,
      title: `Events: ${total(events.count)}`,
      body:
        events.rows.length === 0
          ? html`<p>The ledger has none.</p>`
          : [
              renderLedger(events.rows.slice(0, mostEvents), `Events of ${id}, the newest first`),
              events.rows.length > mostEvents &&
                html`<p>
                  <a href="${eventsPath}?id=${encodeURIComponent(id)}"
                    >All ${total(events.count)} events</a
                  >
                </p>`,
            ],
    }),
  ]
}

function renderTombstone({ entity, deletedAt, recordedAt }: Tombstone): Html {
  const what = entity.replaceAll('_', ' ')
  return deletedAt
    ? html`<p>
        The ${what} was deleted at ${time(deletedAt.getTime())}, recorded here at
        ${time(recordedAt.getTime())}.
      </p>`
    : html`<p>
        The ${what} was deleted with its owner, or replaced by a newer one, recorded here at
        ${time(recordedAt.getTime())}.
      </p>`
}

function renderTable(
  { table: name, column, count, rows }: FoundRows,
  facts: IdFacts,
  at: number,
): Html {
  const title = `${name}: ${total(count)} ${count.number === 1 ? 'row' : 'rows'}`
  const more = count.number - rows.length
  const [first] = rows
  return card({
    id: `${name}-${column}-${at}`,
    title,
    body: [
      column === 'id' && first ? renderRow(first, facts) : renderRows(name, rows, facts),
      more > 0 && html`<p class="muted">and ${number(more)}${count.isMore && ' or more'} more</p>`,
    ],
  })
}

function renderRow(row: FoundRow, facts: IdFacts): Html {
  const full = Object.entries(row).filter(([, value]) => value !== null)
  const empty = Object.keys(row).filter((name) => row[name] === null)
  return html`<dl class="row">
    ${full.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${renderValue(name, value, facts)}</dd>`,
    )}
    ${
      empty.length > 0 &&
      html`<dt>empty</dt>
        <dd class="muted">${empty.join(', ')}</dd>`
    }
  </dl>`
}

function renderRows(name: string, rows: readonly FoundRow[], facts: IdFacts): Html {
  const all = [...new Set(rows.flatMap(Object.keys))]
  const full = all.filter((column) => rows.some((row) => row[column] !== null))
  return table({
    label: `Rows of ${name}`,
    columns: full.map((column) => ({ title: column })),
    rows: rows.map((row) => full.map((column) => renderValue(column, row[column], facts))),
  })
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/

function renderValue(name: string, value: unknown, { id, names }: IdFacts): Part {
  if (value === null || value === undefined) return html`<span class="muted">–</span>`
  if (value === hidden) return html`<em class="muted">hidden</em>`
  if (isExactNumber(value)) return value.rawJSON
  if (typeof value !== 'string') {
    const text = JSON.stringify(value)
    return typeof value === 'object' ? html`<code>${text}</code>` : text
  }
  if (isTime.test(value)) return time(Date.parse(value))
  if (name === 'user_id' || name === 'organization_id') {
    const known = names[value]
    return [value === id ? html`<code>${value}</code>` : idLink(value), known && ` ${known}`]
  }
  return name === 'id' || name.endsWith('_id') ? html`<code>${value}</code>` : value
}

function renderDeletion(deletion: DeletionPreview, { count }: IdFacts['events']): Html {
  const { policy, tables, staying, ledgerRowsEmptied } = deletion
  const emptied =
    ledgerRowsEmptied.number === 0
      ? 'none of them changes'
      : `${total(ledgerRowsEmptied)} lose their values, client IPs and user agents`
  return html`<details>
    <summary>What a deletion would do, with DELETION_POLICY=${policy}</summary>
    ${table({
      label: 'What a deletion would do, by table',
      columns: [
        { title: 'Table' },
        { title: 'Rows', isNumber: true },
        { title: 'Effect' },
        { title: 'Emptied columns' },
      ],
      rows: [
        ...tables.map(({ table: name, rows, effect, emptied: columns }) => [
          name,
          total(rows),
          effect,
          columns.join(', '),
        ]),
        ...staying.map(({ table: name, rows }) => [name, total(rows), 'not touched', '']),
        ['webhook_events', total(count), 'retained', emptied],
      ],
    })}
  </details>`
}

function renderJobs(found: FoundJobs, { queueName, showData }: PeoplePage): Html {
  const title = 'Failed jobs'
  if ('problem' in found) {
    const body = html`<p class="problem">The queue does not answer: ${found.problem}.</p>`
    return card({ id: 'jobs', title, body })
  }
  const { jobs, seen, total: all } = found
  const cut =
    seen < all &&
    html`<p class="muted">
      The newest ${number(seen)} of ${number(all)} jobs that failed were searched.
    </p>`
  if (jobs.length === 0) {
    return card({ id: 'jobs', title, body: [html`<p>None concerns this search.</p>`, cut] })
  }
  const href = (id: string, state: string) =>
    `${boardPath}/queue/${queueName}/${encodeURIComponent(id)}?status=${state}`
  return card({
    id: 'jobs',
    title: `${title}: ${number(jobs.length)}`,
    body: [
      table({
        label: 'Failed jobs',
        columns: [
          { title: 'Job' },
          { title: 'Type' },
          { title: 'State' },
          { title: 'Failed' },
          { title: 'Reason' },
        ],
        rows: jobs.map(({ id, type, final, failedAt, reason }) => [
          html`<a href="${href(id, final ? 'failed' : 'delayed')}"><code>${id}</code></a>`,
          type,
          final ? badge('problem', 'failed') : badge('warning', 'waits for its next attempt'),
          failedAt !== undefined && time(failedAt),
          showData ? reason : hideValues(reason),
        ]),
      }),
      cut,
      html`<p><a href="${replayPath}">Replay failed jobs</a></p>`,
    ],
  })
}
