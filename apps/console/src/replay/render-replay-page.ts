import { countDone } from '@clerk-sync/queue'
import type { FailedCounts, FailedGroup } from '@clerk-sync/queue'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { number, table, time, timeField } from '../page-parts.ts'
import { renderPage, replayPath } from '../render-page.ts'
import { staticPath } from '../static-files.ts'
import type { ReplayForm } from './replay-form.ts'
import type { ReplayRun } from './replay-runs.ts'

export interface ReplayPage {
  readonly form: ReplayForm
  readonly run: ReplayRun | undefined
  readonly isRunning: boolean
  /** Undefined while a replay runs, or when the queue can't be read. */
  readonly counts: FailedCounts | undefined
  readonly problem: string | undefined
}

/** The state of a run as the page shows it; its script reads this again and again. */
export interface RunStatus {
  readonly isRunning: boolean
  readonly headline: string
  readonly done: number
  readonly matched: number
  readonly detail: string
}

// The largest groups tell what happened; nobody reads a table of a thousand.
const mostGroups = 20

export function renderReplayPage(page: ReplayPage): string {
  return renderPage({
    title: 'Replay failed jobs',
    head: html`<script src="${staticPath}/replay.js" defer></script>
      ${page.isRunning && html`<noscript><meta http-equiv="refresh" content="2" /></noscript>`}`,
    path: replayPath,
    body: html`<h1>Replay failed jobs</h1>
      <p class="lead">
        A replayed job runs again with all its attempts. Jobs that fail again while a replay runs
        wait for the next one.
      </p>
      ${page.problem && html`<p class="problem" role="alert">${page.problem}</p>`}
      ${page.run && renderRun(page.run)} ${page.isRunning ? undefined : renderForm(page)}
      ${page.counts && renderCounts(page.counts)}`,
  })
}

export function describeRun(run: ReplayRun, now = Date.now()): RunStatus {
  const { counts, state } = run
  const { seen, matched, replayed, gone, failed } = counts
  const until = run.endedAt ?? now
  const seconds = (until - run.startedAt) / 1_000
  const replayingMs = run.replayingSince === undefined ? 0 : until - run.replayingSince
  const done = countDone(counts)
  const parts = [
    state === 'reading' ? `${number(seen)} failed jobs read` : `${number(replayed)} replayed`,
    gone > 0 && `${number(gone)} had left the failed jobs already`,
    failed > 0 && `${number(failed)} could not be moved and stay failed`,
    replayingMs > 0 && `${number(Math.round((done / replayingMs) * 1_000))} a second`,
    `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`,
  ]
  return {
    isRunning: run.endedAt === undefined,
    headline: headlineOf(run),
    done,
    matched,
    detail: parts.filter((part) => part !== false).join(' · '),
  }
}

function renderRun(run: ReplayRun): Html {
  const { isRunning, headline, done, matched, detail } = describeRun(run)
  return html`<section
    class="card run"
    aria-labelledby="run"
    aria-live="polite"
    data-running="${String(isRunning)}"
  >
    <h2 id="run">${headline}</h2>
    <progress
      aria-labelledby="run"
      max="${Math.max(matched, 1)}"
      value="${matched === 0 && !isRunning ? 1 : done}"
    ></progress>
    <p class="muted" id="run-detail">${detail}</p>
    <p class="muted">Started by ${run.startedBy}.</p>
    ${
      isRunning &&
      html`<form method="post" action="/replay/stop">
        <button type="submit">Stop</button>
      </form>`
    }
  </section>`
}

function headlineOf({ state, counts, problem }: ReplayRun): string {
  const of = `${number(counts.replayed)} of ${number(counts.matched)} jobs replayed`
  const headlines = {
    reading: 'Looking for the jobs to replay',
    replaying: `Replaying: ${number(countDone(counts))} of ${number(counts.matched)}`,
    done: `Done: ${of}`,
    stopped: `Stopped: ${of}. Replaying again goes on`,
    failed: `It failed: ${of}. ${problem ?? 'The reason is unknown'}. Replaying again goes on`,
  }
  return headlines[state]
}

function renderForm({ form, counts }: ReplayPage): Html {
  return html`<form class="card" action="/replay" method="get">
    <div class="fields">
      <label
        >Type
        <select name="type">
          <option value="">All types</option>
          ${typeOptions(form, counts).map(
            ({ name, count }) =>
              html`<option value="${name}" ${form.types.includes(name) && html`selected`}>
                ${name} (${number(count)})
              </option>`,
          )}
        </select>
      </label>
      <label class="wide"
        >Reason contains
        <input name="reason" value="${form.reason}" maxlength="500" autocomplete="off" />
      </label>
      ${timeField({ label: 'Failed from', name: 'from', value: form.from })}
      ${timeField({ label: 'Failed to', name: 'to', value: form.to })}
    </div>
    <div class="buttons">
      <button type="submit">Count</button>
      <button type="submit" class="primary" formaction="/replay" formmethod="post">Replay</button>
      <a href="/replay">Reset</a>
    </div>
  </form>`
}

// A chosen type stays in the list, also without failed jobs.
function typeOptions(form: ReplayForm, counts: FailedCounts | undefined): FailedGroup[] {
  const known = counts?.allTypes ?? []
  const names = new Set(known.map(({ name }) => name))
  const others = form.types.filter((name) => !names.has(name))
  return [...known, ...others.map((name) => ({ name, count: 0 }))]
}

function renderCounts(counts: FailedCounts): Html {
  const { failed, selected, types, reasons, oldest, newest } = counts
  if (failed === 0) return html`<p class="card">No job has failed.</p>`
  return html`<section class="card" aria-labelledby="selected">
    <h2 id="selected">
      ${number(selected)} of ${number(failed)} failed ${failed === 1 ? 'job' : 'jobs'} selected
    </h2>
    ${
      oldest !== undefined &&
      newest !== undefined &&
      html`<p class="muted">They failed between ${time(oldest)} and ${time(newest)}.</p>`
    }
    ${selected > 0 && html`${renderGroups('Type', types)}${renderGroups('Reason', reasons)}`}
  </section>`
}

function renderGroups(title: string, groups: readonly FailedGroup[]): Html {
  const hidden = groups.length - mostGroups
  const rows = groups
    .slice(0, mostGroups)
    .map(({ name, count }) => [name === '' ? '(no reason)' : name, number(count)])
  if (hidden > 0) rows.push([`and ${number(hidden)} more kinds`, ''])
  return table({
    label: `Failed jobs by ${title.toLowerCase()}`,
    columns: [{ title }, { title: 'Jobs', isNumber: true }],
    rows,
  })
}
