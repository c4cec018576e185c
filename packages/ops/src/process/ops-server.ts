import Fastify from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { errorMessage } from '../error-message.ts'
import { withTimeout } from '../timeout.ts'
import { answerUnknownPaths, httpServerOptions, limitConnections, localUrl } from './http-limits.ts'
import { publicReason } from './public-reason.ts'

const checkTimeoutMs = 3_000
// Probes and scrapes are few.
const maxConnections = 100

/** One thing that an app needs to do its work. `run` throws when it is missing. */
export interface Check {
  readonly name: string
  run(): Promise<void>
}

/**
 * Runs a check. `problem` is what is missing and what to do, in words that anybody may read; `error` is
 * the whole of it, for the log. Both are undefined when the check passes.
 */
export async function runCheck(check: Check): Promise<{ problem?: string; error?: unknown }> {
  try {
    await withTimeout(check.run(), checkTimeoutMs, 'no answer in time')
    return {}
  } catch (error) {
    return { problem: publicReason(error), error }
  }
}

export interface OpsServer {
  readonly port: number
  /** Where it answers on this machine. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves /livez, /readyz and /metrics. /livez answers 200 as long as the process answers at all.
 * /readyz answers 200 when every check passes, else 503 with the reasons, without the names of hosts and
 * roles: whoever reaches the port can read it. The log has each new reason in full. `checks` is called
 * at each request.
 */
export async function createOpsServer(options: {
  port: number
  host: string
  registry: Registry
  /** Default: the metrics of the registry. */
  readMetrics?: () => Promise<string>
  checks: () => readonly Check[]
  logger: Logger
}): Promise<OpsServer> {
  const { logger, registry, readMetrics = () => registry.metrics() } = options
  const lastReasons = new Map<string, string>()
  const server = Fastify({ ...httpServerOptions, forceCloseConnections: true })
  limitConnections(server.server, { max: maxConnections })
  answerUnknownPaths(server)

  async function resultOf(check: Check): Promise<[name: string, result: string]> {
    const { problem, error } = await runCheck(check)
    if (problem === undefined) {
      lastReasons.delete(check.name)
      return [check.name, 'ok']
    }
    const reason = errorMessage(error)
    if (lastReasons.get(check.name) !== reason) {
      logger.warn({ check: check.name, error }, 'not ready')
      lastReasons.set(check.name, reason)
    }
    return [check.name, problem]
  }

  server.get('/livez', () => ({ live: true }))
  server.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(options.checks().map((check) => resultOf(check)))
    const ready = results.every(([, result]) => result === 'ok')
    return reply.code(ready ? 200 : 503).send({ ready, checks: Object.fromEntries(results) })
  })
  server.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await readMetrics()),
  )
  await server.listen({ port: options.port, host: options.host })
  const url = localUrl(server.server)
  return {
    port: Number(new URL(url).port),
    url,
    close: () => server.close(),
  }
}
