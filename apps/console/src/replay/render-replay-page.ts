import { countDone, isSettled } from '@clerk-sync/queue'
import type { FailedCounts, FailedGroup, ReplayedJobs } from '@clerk-sync/queue'
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
  /** Whether all jobs are back in the queue, and the page waits for their end. */
  readonly isWaiting: boolean
  readonly headline: string
  readonly done: number
  readonly of: number
  readonly detail: string
  /** Why nothing moves, and what to do; empty while it does. */
  readonly problem: string
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
        A replayed job runs again with all its attempts. Fix the cause first: a job that fails again
        stays failed until the next replay.
      </p>
      ${page.problem && html`<p class="problem" role="alert">${page.problem}</p>`}
      ${page.run && renderRun(page.run)} ${page.isRunning ? undefined : renderForm(page)}
      ${page.counts && renderCounts(page.counts)}`,
  })
}

export function describeRun(run: ReplayRun, now = Date.now()): RunStatus {
  const { counts, jobs } = run.progress
  const { matched, replayed } = counts
  const isWaiting = stepOf(run) === 'waiting'
  const ended = jobs ? replayed - jobs.active - jobs.waiting : 0
  return {
    isRunning: run.endedAt === undefined,
    isWaiting,
    headline: headlineOf(run),
    ...(isWaiting ? { done: ended, of: replayed } : { done: countDone(counts), of: matched }),
    detail: detailsOf(run, now).join(' · '),
    problem: jobs?.standstill ? standstills[jobs.standstill] : '',
  }
}

function stepOf({ state, progress }: ReplayRun) {
  if (state !== 'running') return state
  if (progress.replayedAt !== undefined) return 'waiting'
  return progress.replayingSince === undefined ? 'reading' : 'replaying'
}

function detailsOf(run: ReplayRun, now: number): string[] {
  const { counts, jobs, replayingSince, replayedAt } = run.progress
  const { seen, replayed, gone, failed, leftOut } = counts
  const until = run.endedAt ?? now
  const seconds = (until - run.startedAt) / 1_000
  const replayingMs = (replayedAt ?? until) - (replayingSince ?? until)
  const parts = [
    stepOf(run) === 'reading' ? `${number(seen)} failed jobs read` : `${number(replayed)} replayed`,
    ...(jobs ? jobCounts(jobs) : []),
    gone > 0 && `${number(gone)} had left the failed jobs already`,
    failed > 0 && `${number(failed)} could not be moved and stay failed`,
    leftOut > 0 && `${number(leftOut)} invalid left out`,
    replayingMs > 0 &&
      `replayed at ${number(Math.round((countDone(counts) / replayingMs) * 1_000))} a second`,
    `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`,
  ]
  return parts.filter((part) => part !== false)
}

const jobCounts = ({ succeeded, failed, delayed, active, waiting }: ReplayedJobs) => [
  `${number(succeeded)} succeeded`,
  failed > 0 && `${number(failed)} failed again`,
  delayed > 0 && `${number(delayed)} failed again and will be retried`,
  active > 0 && `${number(active)} run`,
  waiting > 0 && `${number(waiting)} wait`,
]

const standstills = {
  paused: 'No worker takes jobs: the queue is paused. Resume it on the board.',
  'no worker':
    'No worker has taken a job for 5 s. Is one running, and can it reach its database? Its /readyz says what is wrong.',
}

function renderRun(run: ReplayRun): Html {
  const { isRunning, isWaiting, headline, done, of, detail, problem } = describeRun(run)
  const reasons = run.progress.jobs?.reasons ?? []
  return html`<section
    class="card run"
    aria-labelledby="run"
    aria-live="polite"
    data-running="${String(isRunning)}"
    data-waiting="${String(isWaiting)}"
  >
    <h2 id="run">${headline}</h2>
    <progress
      aria-labelledby="run"
      max="${Math.max(of, 1)}"
      value="${of === 0 && !isRunning ? 1 : done}"
    ></progress>
    <p class="muted" id="run-detail">${detail}</p>
    <p class="problem" id="run-problem" ${problem === '' && html`hidden`}>${problem}</p>
    <p class="muted">Started by ${run.startedBy}.</p>
    ${reasons.length > 0 && renderGroups('Why they failed again', reasons)}
    ${
      isRunning &&
      html`<form method="post" action="/replay/stop">
        <button type="submit">${isWaiting ? 'Stop waiting: the jobs go on' : 'Stop'}</button>
      </form>`
    }
  </section>`
}

function headlineOf(run: ReplayRun): string {
  const { counts, jobs } = run.progress
  const { problem } = run
  const of = `${number(counts.replayed)} of ${number(counts.matched)} jobs replayed`
  const headlines = {
    reading: 'Looking for the jobs to replay',
    replaying: `Replaying: ${number(countDone(counts))} of ${number(counts.matched)}`,
    waiting: `${of}: waiting for their end`,
    done: jobs && !isSettled(jobs) ? `${of}, and not all have ended` : `Done: ${of}${endOf(jobs)}`,
    stopped: jobs ? `Stopped waiting: ${of}` : `Stopped: ${of}. Replaying again goes on`,
    failed: `It failed: ${of}. ${problem ?? 'The reason is unknown'}. Replaying again goes on`,
  }
  return headlines[stepOf(run)]
}

function endOf(jobs: ReplayedJobs | undefined): string {
  if (!jobs) return ''
  const failed = jobs.failed + jobs.delayed
  return failed === 0 ? ', all succeeded' : `, ${number(failed)} failed again`
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
    <label class="check">
      <input type="checkbox" name="invalid" value="true" ${form.includeInvalid && html`checked`} />
      Also invalid events. No attempt can apply them, unless a later release can
    </label>
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
  const { failed, selected, types, reasons, oldest, newest, leftOut, leftOutReasons } = counts
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
    ${
      leftOut > 0 &&
      html`<h3>${number(leftOut)} more ${leftOut === 1 ? 'is' : 'are'} left out</h3>
        <p class="muted">Invalid events: no attempt can apply them, so replaying won’t help.</p>
        ${renderGroups('Why they are invalid', leftOutReasons)}`
    }
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
