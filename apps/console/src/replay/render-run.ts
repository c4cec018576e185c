import { html } from '../pages/html.ts'
import type { Html } from '../pages/html.ts'
import type { ReplayRun } from './replay-runs.ts'

/** How far a run is, in words: what the page shows and its script brings up to date. */
export interface RunStatus {
  readonly isRunning: boolean
  readonly headline: string
  readonly done: number
  readonly matched: number
  readonly detail: string
}

export function describeRun(run: ReplayRun, now = Date.now()): RunStatus {
  const { counts, state } = run
  const { seen, matched, replayed, gone, failed } = counts
  const until = run.endedAt ?? now
  const seconds = (until - run.startedAt) / 1_000
  const replayingMs = run.replayingSince === undefined ? 0 : until - run.replayingSince
  const done = replayed + gone + failed
  const parts = [
    state === 'reading' ? `${number(seen)} failed jobs read` : `${number(replayed)} replayed`,
    gone > 0 && `${number(gone)} were gone already`,
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

export function renderRun(run: ReplayRun): Html {
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
  const { replayed, gone, failed } = counts
  const of = `${number(replayed)} of ${number(counts.matched)} jobs replayed`
  const headlines = {
    reading: 'Looking for the jobs to replay',
    replaying: `Replaying: ${number(replayed + gone + failed)} of ${number(counts.matched)}`,
    done: `Done: ${of}`,
    stopped: `Stopped: ${of}. Replaying again goes on`,
    failed: `It failed: ${of}. ${problem ?? 'There is no reason'}. Replaying again goes on`,
  }
  return headlines[state]
}

const number = (value: number) => value.toLocaleString('en')
