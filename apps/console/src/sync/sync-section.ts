import { drifts, driftOf, isComplete } from '@clerk-sync/sync'
import type { EntityDrift, UnderWay } from '@clerk-sync/sync'
import type { HomeSection } from '../home/home-routes.ts'
import { html } from '../html.ts'
import type { Html, Part } from '../html.ts'
import { badge, duration, number, table, time } from '../page-parts.ts'
import { summaryOf } from './sync-runs.ts'
import type { Summary, SyncRun, SyncRuns } from './sync-runs.ts'
import type { SyncedReader, SyncedState } from './synced-state.ts'

export const syncPath = '/sync'
// The command prints as many; its --json has more.
const mostIds = 5

/** What the last reconcile found, when the next one runs, and the buttons. */
export function createSyncSection(reader: SyncedReader, runs: SyncRuns | undefined): HomeSection {
  return {
    id: 'sync',
    title: 'Reconcile and backfill',
    async render() {
      const state = await reader.state()
      return html`${runs?.latest && renderRun(runs.latest)} ${renderLast(state)}
      ${renderButtons(state, runs)}`
    },
  }
}

const titles = { reconcile: 'Reconcile', repair: 'Repair', backfill: 'Backfill' }

function renderRun(run: SyncRun): Html {
  const isRunning = run.endedAt === undefined
  const { progress } = run
  const seconds = ((run.endedAt ?? Date.now()) - run.startedAt) / 1_000
  return html`<div class="run" data-running="${String(isRunning)}">
    <h3>${headlineOf(run)}</h3>
    <p class="muted">
      Started by ${run.startedBy} at ${time(run.startedAt)} · ${duration(seconds * 1_000)}
    </p>
    ${progress.waiting !== undefined && isRunning && html`<p>Waiting: ${progress.waiting}</p>`}
    ${
      progress.tables.length > 0 &&
      !progress.results &&
      table({
        label: 'Progress by table',
        columns: [{ title: 'Table' }, { title: 'Read', isNumber: true }, { title: 'Progress' }],
        rows: progress.tables.map(({ table: name, done, total }, at) => [
          name,
          total === undefined ? number(done) : `${number(done)} of ${number(total)}`,
          renderProgress({ name, done, total, isLast: at === progress.tables.length - 1 }, run),
        ]),
      })
    }
    ${renderResults(run)}
    ${
      progress.notes.length > 0 &&
      html`<ul>
        ${progress.notes.map((note) => html`<li>${note}</li>`)}
      </ul>`
    }
    ${
      isRunning
        ? html`<form method="post" action="${syncPath}/stop">
              <button type="submit">Stop</button>
            </form>
            <noscript><p class="muted">Load the page again to see how far it is.</p></noscript>`
        : undefined
    }
  </div>`
}

function renderProgress(
  of: { name: string; done: number; total: number | undefined; isLast: boolean },
  { endedAt }: SyncRun,
): Html {
  const isOver = endedAt !== undefined || !of.isLast
  const max = Math.max(of.total ?? of.done, 1)
  // Without a total it is not known how far it is.
  const value = isOver && (of.total ?? 0) === 0 ? max : of.done
  return html`<progress aria-label="${of.name}" max="${max}" value="${value}"></progress>`
}

function headlineOf(run: SyncRun): Part {
  const title = titles[run.input.kind]
  if (run.state === 'running') return `${title} is running`
  if (run.state === 'failed')
    return html`${title} failed: ${run.problem ?? 'the reason is unknown'}`
  const summary = summaryOf(run.progress)
  const counted = countsOf(summary, run.input.kind)
  const detail = counted === '' ? '' : `: ${counted}`
  if (run.state === 'stopped') {
    return run.input.kind === 'backfill'
      ? `Backfill stopped${detail}. Resume goes on behind it`
      : `${title} stopped. What was repaired stays`
  }
  const isPartial = summary.isComplete === false
  return `${title} done${detail}${isPartial ? '. Not everything could be read and written' : ''}`
}

function countsOf(summary: Summary, kind: SyncRun['input']['kind']): string {
  const { drift, repaired = 0, created, updated = 0 } = summary
  if (created !== undefined) return `${number(created)} new, ${number(updated)} updated`
  if (drift === undefined) return ''
  if (kind === 'repair') return `${rows(repaired)} repaired, ${number(drift)} still differ`
  return `${rows(drift)} ${drift === 1 ? 'differs' : 'differ'}`
}

const rows = (count: number) => `${number(count)} ${count === 1 ? 'row' : 'rows'}`

function renderResults({ progress }: SyncRun): Html | undefined {
  const { results } = progress
  if (!results) return undefined
  const columns = ['created', 'updated', 'unchanged', 'stale', 'failed'] as const
  return table({
    label: 'What the backfill wrote',
    columns: [
      { title: 'Table' },
      ...columns.map((title) => ({ title, isNumber: true })),
      { title: 'Note' },
    ],
    rows: results.map(({ entity, counts, skipped, problem, stopped, wasFinished }) => [
      entity.table,
      ...columns.map((column) => number(counts[column])),
      skipped !== undefined
        ? `skipped: ${skipped}`
        : problem !== undefined
          ? `not read to its end: ${problem}`
          : stopped
            ? 'stopped'
            : wasFinished
              ? 'was finished before'
              : '',
    ]),
  })
}

function renderLast({ last, next }: SyncedState): Html {
  const found = (last?.drift ?? []) as EntityDrift[]
  return html`<dl>
      <dt>Last reconcile</dt>
      <dd>
        ${
          last
            ? html`${driftBadge(found)} ${time(last.finishedAt.getTime())}, after
              ${duration(last.finishedAt.getTime() - last.startedAt.getTime())}${last.repair && ', with repair'}${
                last.startedBy !== null && `, by ${last.startedBy}`
              }`
            : 'never'
        }
        ${last?.failedAt ? html`<br />One ended without a result at ${time(last.failedAt.getTime())}.` : undefined}
      </dd>
      <dt>Next</dt>
      <dd>${renderNext(next)}</dd>
    </dl>
    ${renderDrift(found)}`
}

function driftBadge(found: readonly EntityDrift[]): Html {
  const count = driftOf(found)
  if (count > 0) return badge('warning', `${rows(count)} ${count === 1 ? 'differs' : 'differ'}`)
  return isComplete(found) ? badge('good', 'no drift') : badge('problem', 'not all was compared')
}

// A worker needs some seconds to begin what is due.
const lateMs = 60_000

function renderNext(next: SyncedState['next']): Part {
  if (!next) return html`not scheduled: set <code>RECONCILE_CRON</code> on the workers`
  const when = html`${time(next.at)} (<code>${next.cron}</code> in UTC)`
  return next.at < Date.now() - lateMs
    ? html`${badge('problem', 'late')} It was due ${when}: does a worker with
        <code>RECONCILE_CRON</code> run?`
    : when
}

/** The tables that differ, or could not be compared. */
export function renderDrift(found: readonly EntityDrift[]): Html | undefined {
  const differing = found.filter(
    (one) => driftOf([one]) > 0 || !isComplete([one]) || one.exceedsDeleteLimit,
  )
  if (differing.length === 0) return undefined
  return html`${table({
      label: 'Drift by table',
      columns: [
        { title: 'Table' },
        { title: 'in Clerk', isNumber: true },
        ...drifts.map((title) => ({ title, isNumber: true })),
        { title: 'repaired', isNumber: true },
        { title: 'Note' },
      ],
      rows: differing.map((one) => [
        one.table,
        number(one.seen),
        ...drifts.map((kind) => number(one.drift[kind])),
        number(one.repaired),
        remarkOf(one),
      ]),
    })}
    <details id="drift-ids">
      <summary>The first ids and reasons</summary>
      <ul>
        ${differing.flatMap((one) => [
          ...drifts
            .filter((kind) => one.drift[kind] > 0)
            .map((kind) => html`<li>${one.table}, ${kind}: ${idsOf(one, kind)}</li>`),
          ...one.reasons.slice(0, mostIds).map((reason) => html`<li>${one.table}: ${reason}</li>`),
        ])}
      </ul>
    </details>`
}

function idsOf(one: EntityDrift, kind: (typeof drifts)[number]): string {
  const ids = one.ids[kind].slice(0, mostIds)
  const more = one.drift[kind] - ids.length
  return `${ids.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}`
}

function remarkOf({ problem, note, unread, refused }: EntityDrift): string {
  const parts = [
    problem !== undefined && `not compared to its end: ${problem}`,
    unread > 0 && `${number(unread)} could not be read`,
    refused > 0 && `${number(refused)} repairs were refused`,
    note,
  ]
  return parts.filter(Boolean).join('; ')
}

/** Who runs something on this database, in a sentence. */
export function describeBusy({ kind, startedAt, startedBy }: UnderWay): Html {
  return html`A ${kind} is under way, started
  ${time(startedAt.getTime())}${startedBy !== undefined && ` by ${startedBy}`}.`
}

function renderButtons(state: SyncedState, runs: SyncRuns | undefined): Html | undefined {
  if (!runs) {
    return html`<p class="muted">
      To reconcile, repair and backfill from here, set <code>CLERK_SECRET_KEY</code> on the console.
    </p>`
  }
  if (runs.isRunning) return undefined
  if (state.underWay.length > 0) {
    return html`<p>${state.underWay.map(describeBusy)} Here nothing can be started meanwhile.</p>`
  }
  const { canResume } = state
  return html`<div class="buttons">
      ${button({ action: 'reconcile', text: 'Reconcile', isPrimary: true })}
      <a class="button plain" href="${syncPath}/repair">Repair…</a>
      ${canResume && button({ action: 'resume', text: 'Resume backfill', isPrimary: false })}
      ${button({
        action: 'backfill',
        text: canResume ? 'Backfill from the start' : 'Backfill',
        isPrimary: false,
      })}
      ${state.unfilled.length > 0 && button({ action: 'refill', text: 'Refill', isPrimary: false })}
    </div>
    <p class="muted">
      Reconcile compares Clerk and the tables and writes nothing. Repair also makes them equal.
      Backfill reads all of Clerk into the tables; it overwrites nothing newer.
      ${canResume && 'The last backfill did not read everything: Resume goes on with it.'}
      ${
        state.unfilled.length > 0 &&
        html`Refill is a backfill that also fills ${state.unfilled.join(', ')} in rows that were
        written before these were kept.`
      }
    </p>`
}

const button = (of: { action: string; text: string; isPrimary: boolean }): Html =>
  html`<form method="post" action="${syncPath}/${of.action}">
    <button type="submit" ${of.isPrimary && html`class="primary"`}>${of.text}</button>
  </form>`
