import { readProcesses } from '@clerk-sync/queue'
import type { OpenQueue, ReportedProcess } from '@clerk-sync/queue'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { badge, duration, number, table } from '../page-parts.ts'
import type { HomeSection } from './home-routes.ts'

/** Whether each process can do its work, and which processes there are. */
export function createHealthSection(queue: OpenQueue): HomeSection {
  return {
    id: 'health',
    title: 'Health',
    render: async () => renderHealth(await readProcesses(queue)),
  }
}

function renderHealth(processes: readonly ReportedProcess[]): Html {
  const failing = processes.flatMap(({ apps, host, checks }) =>
    checks.flatMap(({ app, name, problem }) =>
      problem === undefined
        ? []
        : [`${apps.length > 1 ? app : apps[0]} on ${host}, ${name}: ${problem}`],
    ),
  )
  const problems = [...missingApps(processes), ...failing]
  const warnings = [...differentReleases(processes), ...differentSecrets(processes)]
  return html`${
    problems.length + warnings.length === 0 &&
    html`<p>${badge('good', 'all well')} Every process can do its work.</p>`
  }
  ${
    problems.length > 0 &&
    html`<ul class="problem list">
      ${problems.map((text) => html`<li>${text}.</li>`)}
    </ul>`
  }
  ${
    warnings.length > 0 &&
    html`<ul class="warning list">
      ${warnings.map((text) => html`<li>${text}.</li>`)}
    </ul>`
  }
  ${processes.length > 0 && renderProcesses(processes)}`
}

function missingApps(processes: readonly ReportedProcess[]): string[] {
  const has = (app: string) => processes.some(({ apps }) => apps.includes(app))
  return [
    ...(has('worker')
      ? []
      : [
          'No worker reports: events wait in the queue and reach no table. Start a worker with the same REDIS_URL, or the same DATABASE_URL where the queue is in PostgreSQL, and the same TABLES_SCHEMA; its log says why it does not start',
        ]),
    ...(has('ingest')
      ? []
      : [
          'No ingest reports: deliveries are refused unless your application receives them with the library. Start ingest with the same REDIS_URL or DATABASE_URL and TABLES_SCHEMA; Svix sends again what it could not deliver',
        ]),
  ]
}

function differentReleases(processes: readonly ReportedProcess[]): string[] {
  const releases = [...new Set(processes.map(({ release }) => release))].toSorted()
  return releases.length > 1
    ? [
        `Processes of different releases run: ${releases.join(', ')}. Finish the upgrade, or end the old ones`,
      ]
    : []
}

function differentSecrets(processes: readonly ReportedProcess[]): string[] {
  const sets = processes.flatMap(({ secrets }) => (secrets ? [secrets.toSorted().join(', ')] : []))
  return new Set(sets).size > 1
    ? [
        'Processes of ingest have different signing secrets: some refuse what others accept. Give all of them the same CLERK_WEBHOOK_SIGNING_SECRET and restart them',
      ]
    : []
}

function renderProcesses(processes: readonly ReportedProcess[]): Html {
  return table({
    label: 'Processes',
    columns: [
      { title: 'Process' },
      { title: 'State' },
      { title: 'Checks' },
      { title: 'Release' },
      { title: 'Host' },
      { title: 'Runs for', isNumber: true },
      { title: 'Reported', isNumber: true },
    ],
    rows: processes.map((process) => {
      const { apps, checks, host, pid, release, secrets, startedAt, ageMs } = process
      const isReady = checks.every(({ problem }) => problem === undefined)
      return [
        html`<strong>${apps.join(', ')}</strong>
          ${process.processes > 1 && html`<br />${number(process.processes)} processes`}`,
        isReady ? badge('good', 'ready') : badge('problem', 'not ready'),
        html`${checks.map(({ app, name, problem }) => html`<span class="health-check ${problem === undefined ? 'good' : 'bad'}">${apps.length > 1 && `${app} `}${name}: ${problem === undefined ? 'ok' : 'fails'}</span> `)}
        ${secrets && html`<span class="muted">signing secret ${secrets.map((one) => html`<code>${one}</code> `)}</span>`}`,
        release,
        html`${host}<br /><span class="muted">process ${pid}</span>`,
        duration(Math.max(0, Date.now() - startedAt)),
        ageMs < 1_000 ? 'now' : `${duration(Math.round(ageMs / 1_000) * 1_000)} ago`,
      ]
    }),
  })
}
