import { eventTypes } from '@clerk-sync/events'
import type { Entity, Kept } from '@clerk-sync/events'
import type { EntityDrift, LastEvents, TableRows } from '@clerk-sync/sync'
import type { HomeSection } from '../home/home-routes.ts'
import { html } from '../html.ts'
import type { Html, Part } from '../html.ts'
import { badge, number, table, time } from '../page-parts.ts'
import type { Contents, SyncedReader, SyncedState } from './synced-state.ts'

/** How much is in each table, how new it is, and which events never came. */
export function createSyncedSection(reader: SyncedReader): HomeSection {
  return {
    id: 'synced',
    title: 'Synced',
    async render() {
      const [state, contents] = await Promise.all([reader.state(), reader.contents()])
      return html`${renderTables(state, contents)}${renderEvents(state.kept, contents.events)}`
    },
  }
}

const none = html`<span class="muted">–</span>`

function renderTables(state: SyncedState, { tables, events }: Contents): Html {
  const drift = new Map(
    ((state.last?.drift ?? []) as EntityDrift[]).map((one) => [one.table, one] as const),
  )
  const entities = new Map(state.kept.entities.map((entity) => [entity.table, entity] as const))
  return html`${table({
    label: 'Rows by table',
    columns: [
      { title: 'Table' },
      { title: 'Rows', isNumber: true },
      { title: 'Deleted, kept', isNumber: true },
      { title: 'Last written' },
      { title: 'Last event' },
      { title: 'Drift' },
    ],
    rows: tables.map((one) => [
      html`<span ${one.parent !== undefined && html`class="of-parent"`}>${one.table}</span>`,
      rowsOf(one),
      one.deleted === 0 ? none : number(one.deleted),
      one.writtenAt ? time(one.writtenAt.getTime()) : none,
      lastEventOf(entities.get(one.table), events),
      one.parent === undefined ? driftOf(drift.get(one.table)) : none,
    ]),
  })}
  ${
    tables.some(({ isEstimate }) => isEstimate) &&
    html`<p class="muted">
      “About” is PostgreSQL's estimate: tables of more than 100,000 rows are not counted.
    </p>`
  }`
}

const rowsOf = ({ live, isEstimate }: TableRows): Part =>
  isEstimate ? `about ${number(Number(live.toPrecision(3)))}` : number(live)

function lastEventOf(entity: Entity | undefined, { types }: LastEvents): Part {
  const times = [...(entity?.upsertedBy ?? []), ...(entity?.deletedBy ?? [])].map(
    (type) => types.get(type) ?? 0,
  )
  const last = Math.max(0, ...times)
  return last === 0 ? none : time(last)
}

function driftOf(found: EntityDrift | undefined): Part {
  if (!found) return none
  const rows = Object.values(found.drift).reduce((sum: number, count: number) => sum + count, 0)
  if (rows > 0) return badge('warning', `${number(rows)} differ`)
  const isUnknown = found.problem !== undefined || found.unread > 0
  return isUnknown ? badge('problem', 'not compared') : badge('good', 'none')
}

function renderEvents(kept: Kept, { types, since }: LastEvents): Html {
  const known = eventTypes.filter((type) => kept.effectOf(type).action !== 'leave')
  const seen = [...types].toSorted(([, one], [, other]) => other - one)
  const never = known.filter((type) => !types.has(type))
  return html`<h3>Events</h3>
    ${since !== undefined && html`<p class="muted">Of the ledger, what came since ${time(since)} is read so far.</p>`}
    ${
      never.length > 0 &&
      html`<p>
          ${badge('plain', number(never.length))}
          ${since === undefined ? 'types have never come' : 'types have not come since'}. That is
          right where nothing of the kind has happened in Clerk. Otherwise the endpoint in Clerk's
          dashboard is not subscribed to them.
        </p>
        <details id="never-seen">
          <summary>Which types</summary>
          <p>${never.map((type, at) => html`${at > 0 && ', '}<code>${type}</code>`)}</p>
        </details>`
    }
    ${
      seen.length > 0 &&
      html`<details id="last-events">
        <summary>The last event of each type (${number(seen.length)})</summary>
        ${table({
          label: 'The last event of each type',
          columns: [{ title: 'Type' }, { title: 'Received' }],
          rows: seen.map(([type, at]) => [html`<code>${type}</code>`, time(at)]),
        })}
      </details>`
    }`
}
