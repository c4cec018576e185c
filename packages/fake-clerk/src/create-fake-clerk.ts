import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerRefusal, answerRoute, refuseStranger } from './answer.ts'
import type { Answer, Features } from './answer.ts'
import type { Damage } from './faults/fault.ts'
import { createFaults } from './faults/faults.ts'
import type { Faults } from './faults/faults.ts'
import { internalError, notFound, notImplemented, Refusal, tooManyRequests } from './refusal.ts'
import { findRoute } from './routes/index.ts'
import type { DeletedCursor } from './routes/route.ts'
import { createWorld } from './world/create-world.ts'
import type { World, WorldOptions } from './world/create-world.ts'
import { writeAnswer } from './write-answer.ts'

/** How a fake begins and behaves. */
export type FakeClerkOptions = Omit<WorldOptions, 'generated'> & {
  /** What a client must send as its bearer token, `sk_test_fake` by default. */
  secretKey?: string
  /** Users that are computed when asked for; a million of them need no memory. */
  generatedUsers?: number
  /** Organizations likewise; each generated user is then a member of one of them. */
  generatedOrganizations?: number
  /** Which features are on, all by default. */
  features?: Partial<Features>
  /** What a `starting_after` user answers who was deleted since, `refuse` (422) by default. */
  deletedCursor?: DeletedCursor
}

/** A request as the log keeps it; `status` is undefined while or because there is no answer. */
export interface LoggedRequest {
  method: string
  path: string
  query: URLSearchParams
  /** When it came, in ms. */
  at: number
  status: number | undefined
}

/** A fake of Clerk's Backend API on 127.0.0.1. */
export interface FakeClerk {
  /** What to give the SDK as `apiUrl`, without `/v1`. */
  url: string
  secretKey: string
  world: World
  faults: Faults
  /** May be switched while it runs. */
  features: Features
  requests: LoggedRequest[]
  /** Ends at once, connections that hang included. */
  close: () => Promise<void>
}

/** Starts a fake of Clerk's Backend API. The caller closes it. */
export async function createFakeClerk(options: FakeClerkOptions = {}): Promise<FakeClerk> {
  const { secretKey = 'sk_test_fake', generatedUsers = 0, generatedOrganizations = 0 } = options
  const features = { organizations: true, billing: true, ...options.features }
  const { deletedCursor = 'refuse' } = options
  const { faults, source } = createFaults()
  const requests: LoggedRequest[] = []
  const world = createWorld({
    ...options,
    generated: { users: generatedUsers, organizations: generatedOrganizations },
  })

  async function makeAnswer(
    request: IncomingMessage,
    { method, path, query }: LoggedRequest,
    damage: Damage,
  ): Promise<Answer> {
    refuseStranger(request, secretKey)
    if (damage.retryAfterSeconds !== undefined) throw tooManyRequests
    if (damage.status !== undefined) throw internalError(damage.status)
    await source.callHooks(path, query)
    const found = findRoute(path)
    if (found === undefined) throw notFound('endpoint', path)
    if (method !== 'GET') throw notImplemented(`${method} ${path}`)
    const { route, params } = found
    return answerRoute(route, features, { store: world.store, query, params, deletedCursor })
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', ...search] = (request.url ?? '').split('?')
    const query = new URLSearchParams(search.join('?'))
    const logged: LoggedRequest = {
      method: request.method ?? '',
      path,
      query,
      at: Date.now(),
      status: undefined,
    }
    requests.push(logged)
    const damage = source.damageTo(path, findRoute(path)?.route.path ?? path)
    if (damage.isHanging) return
    if (damage.delayMs > 0) await sleep(damage.delayMs, undefined, { ref: false })
    if (damage.cut === 'before') {
      response.destroy()
      return
    }
    const answer = await makeAnswer(request, logged, damage).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
      const wait = damage.retryAfterSeconds
      const headers = error.status === 429 ? { 'retry-after': String(wait) } : undefined
      return answerRefusal(error, `fake-trace-${requests.length}`, headers)
    })
    logged.status = answer.status
    writeAnswer(response, answer, damage, new Date(Date.now() + faults.clockSkewMs))
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      // A mistake of the fake or of a test's hook: the test shall see it, not a quiet 500.
      response.destroy()
      server.emit('error', error)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secretKey,
    world,
    faults,
    features,
    requests,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
