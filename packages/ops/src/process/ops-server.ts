import Fastify from 'fastify'
import type { Registry } from 'prom-client'
import type { Check } from './app.ts'
import { errorMessage } from '../error-message.ts'

const checkTimeoutMs = 3_000

export interface OpsServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves /livez (the process lives: one that hangs answers nothing), /readyz (every check passes; names
 * what is missing) and /metrics. `checks` is asked anew at each request.
 */
export async function createOpsServer(options: {
  port: number
  host: string
  registry: Registry
  checks: () => readonly Check[]
}): Promise<OpsServer> {
  const server = Fastify({ forceCloseConnections: true })
  server.get('/livez', () => ({ live: true }))
  server.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(options.checks().map(runCheck))
    const ready = results.every(([, result]) => result === 'ok')
    return reply.code(ready ? 200 : 503).send({ ready, checks: Object.fromEntries(results) })
  })
  server.get('/metrics', async (_request, reply) =>
    reply.type(options.registry.contentType).send(await options.registry.metrics()),
  )
  await server.listen({ port: options.port, host: options.host })
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () => server.close(),
  }
}

async function runCheck(check: Check): Promise<[name: string, result: string]> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('no answer in time')), checkTimeoutMs)
  try {
    await Promise.race([check.run(), timeout.promise])
    return [check.name, 'ok']
  } catch (error) {
    return [check.name, errorMessage(error)]
  } finally {
    clearTimeout(timer)
  }
}
