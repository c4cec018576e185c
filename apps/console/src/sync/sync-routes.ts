import { errorMessage } from '@clerk-sync/ops'
import { deleteLimit, parseDeleteLimit } from '@clerk-sync/sync'
import type { EntityDrift } from '@clerk-sync/sync'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { number, table } from '../page-parts.ts'
import { homePath, renderPage } from '../render-page.ts'
import type { SyncInput, SyncRuns } from './sync-runs.ts'
import { describeBusy, renderDrift, syncPath } from './sync-section.ts'
import type { SyncedReader } from './synced-state.ts'

// As the command has it.
const usualLimit = '1%'
const sectionPath = `${homePath}#sync`

/** What the buttons of the home page do, and the page that asks before a repair. */
export function serveSync(
  scope: FastifyInstance,
  { reader, runs }: { reader: SyncedReader; runs: SyncRuns },
): void {
  const inputs: Record<string, SyncInput> = {
    reconcile: { kind: 'reconcile' },
    backfill: { kind: 'backfill', resume: false, refill: false },
    resume: { kind: 'backfill', resume: true, refill: false },
    refill: { kind: 'backfill', resume: false, refill: true },
  }
  for (const [action, input] of Object.entries(inputs)) {
    scope.post(`${syncPath}/${action}`, (request, reply) => start(input, request, reply))
  }

  scope.get(`${syncPath}/repair`, async (_, reply) => await sendRepairPage(reply, usualLimit))

  scope.post<{ Body: unknown }>(`${syncPath}/repair`, async (request, reply) => {
    const fields = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
    const text = (fields.get('max-deletes') ?? '').trim()
    const maxDeletes = parseDeleteLimit(text)
    if (maxDeletes) return await start({ kind: 'repair', maxDeletes }, request, reply)
    const problem = html`The delete limit must be a number of rows, such as 50, or a share, such as
    2%.`
    return await sendRepairPage(reply.code(400), text, problem)
  })

  scope.post(`${syncPath}/stop`, async (_, reply) => {
    runs.stop()
    return await reply.redirect(sectionPath, 303)
  })

  async function start(input: SyncInput, request: FastifyRequest, reply: FastifyReply) {
    const underWay = await reader.underWay()
    if (runs.isRunning || underWay.length > 0 || !runs.start(input, request.operator)) {
      const busy =
        underWay.length > 0 ? html`${underWay.map(describeBusy)}` : html`Another run is under way.`
      return await reply.code(409).type('text/html').send(renderRefusal(busy))
    }
    return await reply.redirect(sectionPath, 303)
  }

  async function sendRepairPage(reply: FastifyReply, limit: string, problem?: Html) {
    const state = await reader.state().catch((error: unknown) => errorMessage(error))
    const found = typeof state === 'string' ? undefined : (state.last?.drift as EntityDrift[])
    const why = problem ?? (typeof state === 'string' ? html`${state}` : undefined)
    const page = renderRepairPage({ limit, found, problem: why })
    return await reply.type('text/html').send(page)
  }
}

function renderRefusal(why: Html): string {
  return renderPage({
    title: 'Not started',
    body: html`<h1>Not started</h1>
      <p class="problem" role="alert">${why} Wait for its end, or stop it where it runs.</p>
      <p><a href="${sectionPath}">Back</a></p>`,
  })
}

function renderRepairPage(page: {
  limit: string
  found: readonly EntityDrift[] | undefined
  problem: Html | undefined
}): string {
  const { limit, found, problem } = page
  return renderPage({
    title: 'Repair',
    body: html`<h1>Repair</h1>
      <p class="lead">
        A repair compares Clerk and the tables, writes what is missing or stale, and deletes the
        rows of what Clerk no longer has. When a table has more rows to delete than the delete limit
        allows, nothing of it is written, nor of the tables after it.
      </p>
      ${problem && html`<p class="problem" role="alert">${problem}</p>`}
      <form class="card" method="post" action="${syncPath}/repair">
        <label
          >Delete limit of each table: a share of what Clerk has, or a number of rows
          <input
            name="max-deletes"
            value="${limit}"
            required
            maxlength="20"
            autocomplete="off"
            aria-describedby="limit-note"
          />
        </label>
        <p class="muted" id="limit-note">
          One row may always go with a share above 0. Rows that go with their owner, such as the
          memberships of a deleted user, are not counted.
        </p>
        <div class="buttons">
          <button type="submit" class="primary">Repair</button>
          <a href="${sectionPath}">Cancel</a>
        </div>
      </form>
      ${found ? renderFound(found) : html`<p>Nothing has been compared yet: press Reconcile first to see what a repair would do.</p>`}`,
  })
}

function renderFound(found: readonly EntityDrift[]): Html {
  const limits = found.filter(({ seen }) => seen > 0)
  return html`<section class="card" aria-labelledby="found">
    <h2 id="found">What the last reconcile found</h2>
    ${renderDrift(found) ?? html`<p>Nothing differed.</p>`}
    ${
      limits.length > 0 &&
      html`<details>
        <summary>How many rows ${usualLimit} is</summary>
        ${table({
          label: 'The delete limit by table',
          columns: [
            { title: 'Table' },
            { title: 'in Clerk', isNumber: true },
            { title: 'may be deleted', isNumber: true },
          ],
          rows: limits.map((one) => [
            one.table,
            number(one.seen),
            number(deleteLimit(one.seen, { percent: 1 })),
          ]),
        })}
      </details>`
    }
  </section>`
}
