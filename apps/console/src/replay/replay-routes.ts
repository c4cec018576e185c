import { errorMessage } from '@clerk-sync/ops'
import { countFailed } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { readReplayForm, toSelection } from './replay-form.ts'
import type { ReplayForm } from './replay-form.ts'
import type { ReplayRuns } from './replay-runs.ts'
import { describeRun, renderReplayPage } from './render-replay-page.ts'

export interface ReplayDeps {
  readonly queue: OpenQueue
  readonly runs: ReplayRuns
}

/** The page that counts and replays failed jobs. */
export function serveReplay(scope: FastifyInstance, deps: ReplayDeps): void {
  const { runs } = deps
  scope.get('/replay', async (request, reply) => {
    const [, query = ''] = request.url.split('?', 2)
    const fields = new URLSearchParams(query)
    const why = fields.has('renewed') ? 'Your session was renewed: press Replay again.' : undefined
    return await sendPage(deps, readReplayForm(fields), reply, why)
  })

  scope.post<{ Body: unknown }>('/replay', async (request, reply) => {
    // Any other body would count as an empty form, which replays all jobs.
    if (!(request.body instanceof URLSearchParams)) {
      return await reply.code(415).send({ error: 'send a form' })
    }
    const form = readReplayForm(request.body)
    const read = toSelection(form)
    if (!read.ok) return await sendPage(deps, form, reply.code(400))
    if (!runs.start({ selection: read.selection }, request.operator)) {
      return await sendPage(deps, form, reply.code(409), 'A replay is running already.')
    }
    return await reply.redirect('/replay', 303)
  })

  scope.post('/replay/stop', async (_, reply) => {
    runs.stop()
    return await reply.redirect('/replay', 303)
  })

  scope.get('/replay/status', async () => (runs.latest ? describeRun(runs.latest) : {}))
}

async function sendPage(
  { queue, runs }: ReplayDeps,
  form: ReplayForm,
  reply: FastifyReply,
  why?: string,
): Promise<FastifyReply> {
  const { isRunning } = runs
  const read = toSelection(form)
  let problem = why ?? (read.ok ? undefined : read.problem)
  let counts
  if (!isRunning) {
    // Counting a large queue takes long: it ends when the browser closes the connection.
    const left = new AbortController()
    reply.raw.once('close', () => left.abort())
    try {
      counts = await countFailed(queue, read.ok ? read.selection : {}, left.signal)
    } catch (error) {
      problem ??= `The queue does not answer: ${errorMessage(error)}.`
    }
  }
  const page = { form, run: runs.latest, isRunning, counts, problem }
  return await reply.type('text/html').send(renderReplayPage(page))
}
