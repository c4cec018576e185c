import { countFailed } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readReplayForm, toSelection } from './replay-form.ts'
import type { ReplayForm } from './replay-form.ts'
import type { ReplayRuns } from './replay-runs.ts'
import { describeRun } from './render-run.ts'
import { renderReplayPage } from './render-replay-page.ts'

export interface ReplayDeps {
  readonly queue: OpenQueue
  readonly runs: ReplayRuns
  readonly boardPath: string
}

const bodyLimit = 16_384

/** The page that counts and replays failed jobs. */
export function serveReplay(scope: FastifyInstance, deps: ReplayDeps): void {
  const { runs } = deps
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit },
    async (_: FastifyRequest, body: string | Buffer) => new URLSearchParams(String(body)),
  )

  scope.get('/replay', async (request, reply) => {
    const [, query = ''] = request.url.split('?', 2)
    const fields = new URLSearchParams(query)
    const why = fields.has('renewed') ? 'Your session was renewed: press Replay again.' : undefined
    return await sendPage(deps, readReplayForm(fields), reply, why)
  })

  scope.post<{ Body: unknown }>('/replay', async (request, reply) => {
    // Anything else would be read as a form without a selection, and replay all.
    if (!(request.body instanceof URLSearchParams)) {
      return await reply.code(415).send({ error: 'send a form' })
    }
    const form = readReplayForm(request.body)
    const read = toSelection(form)
    if (!read.ok) return await sendPage(deps, form, reply.code(400))
    if (!runs.start(read.selection, request.operator)) {
      return await sendPage(deps, form, reply.code(409), 'A replay is under way already.')
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
  { queue, runs, boardPath }: ReplayDeps,
  form: ReplayForm,
  reply: FastifyReply,
  why?: string,
): Promise<FastifyReply> {
  const { isRunning } = runs
  const read = toSelection(form)
  let problem = why ?? (read.ok ? undefined : read.problem)
  let counts
  if (!isRunning) {
    // Whoever leaves does not wait for it: nor do we.
    const left = new AbortController()
    reply.raw.once('close', () => left.abort())
    try {
      counts = await countFailed(queue, read.ok ? read.selection : {}, left.signal)
    } catch (error) {
      problem ??= `The queue does not answer: ${error instanceof Error ? error.message : 'no reason'}.`
    }
  }
  const page = { form, run: runs.latest, isRunning, counts, problem, boardPath }
  return await reply.type('text/html').send(renderReplayPage(page))
}
