import {
  admit,
  answerToRefusal,
  bodyLimitBytes,
  createRefusalLog,
  createTypeLog,
  headersOf,
  invalidEvent,
  isSigned,
  parseSigningSecrets,
  readEvent,
  selectKept,
} from '@clerk-sync/events'
import type { Kept, Refusal, SigningSecret } from '@clerk-sync/events'
import type { DeletionPolicy } from '@clerk-sync/db'
import { createSilenceWatch, errorMessage } from '@clerk-sync/ops'
import type { PlainLogger } from '@clerk-sync/ops'
import { readDatabaseUrl } from './database.ts'
import { openDatabaseDestination, openQueueDestination } from './destinations.ts'
import type { Destination, Stored } from './destinations.ts'
import { consoleLogger } from './logger.ts'

/** Where the events go, and what is kept of them. */
export interface WebhookHandlerOptions {
  /**
   * The PostgreSQL database with the tables: each event is written before it is answered. Default:
   * DATABASE_URL.
   */
  readonly databaseUrl?: string | undefined
  /** The Redis of the queue, instead of the database: the workers of clerk-sync write the events. */
  readonly redisUrl?: string | undefined
  /**
   * The signing secrets of the endpoint in Clerk's dashboard, separated by spaces while one is
   * replaced. Default: CLERK_WEBHOOK_SIGNING_SECRET.
   */
  readonly signingSecret?: string | undefined
  /** Takes only events of this Clerk instance, such as `ins_2abc`. */
  readonly instanceId?: string | undefined
  /** What is kept of Clerk's objects. Default: what clerk-sync keeps without settings. */
  readonly kept?: Kept
  /** What becomes of the rows of who is deleted. With `databaseUrl` only. Default: `erase`. */
  readonly deletionPolicy?: DeletionPolicy
  /** Whether the ledger keeps the new values of changed columns. With `databaseUrl` only. */
  readonly auditValues?: boolean
  /** The most connections to PostgreSQL. With `databaseUrl` only. Default: 2. */
  readonly maxConnections?: number
  /** Where refusals and errors are logged; pino's loggers fit. Default: the console. */
  readonly logger?: PlainLogger
}

/** Answers the deliveries of Clerk's webhooks. It can be called for several requests at once. */
export interface WebhookHandler {
  (request: Request): Promise<Response>
  /** Closes the connections. Requests under way are answered first, as far as the server answers. */
  close(): Promise<void>
}

// What Svix sends at once is far below.
const mostWaiting = 500
const mostBodyBytes = 64 * 1024 * 1024
const bodyTimeoutMs = 10_000

interface Setup {
  readonly secrets: readonly SigningSecret[]
  readonly destination: Destination
}

/**
 * Creates a handler for `POST` requests of Clerk's webhooks: it verifies the raw bytes of a delivery,
 * keeps of the event what the tables have, stores it, and then answers 200. Whatever can't be stored
 * now is answered 503, and Svix sends it again.
 *
 * It reads its settings at the first request, so that a build without them passes; a request to a
 * handler that lacks one is answered 500, and the log says which.
 */
export function createWebhookHandler(options: WebhookHandlerOptions = {}): WebhookHandler {
  const { logger = consoleLogger, instanceId, kept = selectKept() } = options
  const logRefusal = createRefusalLog(logger)
  const logType = createTypeLog(logger, { kept: '`kept`', instanceId: '`instanceId`' })
  const silence = createSilenceWatch()
  const bodies = { bytes: 0 }
  let setup: Setup | undefined
  let waiting = 0

  async function handle(request: Request): Promise<Response> {
    if (request.method !== 'POST') {
      const headers = { allow: 'POST' }
      return Response.json({ error: 'method_not_allowed' }, { status: 405, headers })
    }
    waiting += 1
    try {
      return toResponse(await receive(request))
    } catch (error) {
      logger.error({ error }, 'delivery failed; answered 500')
      return Response.json({ error: 'internal_error' }, { status: 500 })
    } finally {
      waiting -= 1
    }
  }

  async function receive(request: Request): Promise<Stored> {
    const receivedAt = Date.now()
    const { secrets, destination } = (setup ??= prepare(options, { kept, logger }))
    const headers = Object.fromEntries(request.headers)
    const refuse = (refusal: Refusal, body?: Buffer) => {
      if (refusal.reason !== 'doctor') silence.failed()
      logRefusal(refusal.reason, { headers, body, ...refusal })
      return answerToRefusal(refusal.reason)
    }
    const claim = admit(headers, {
      now: receivedAt,
      isConnectionBeyondLimit: false,
      areTooManyWaiting: waiting > mostWaiting,
    })
    if (!claim.ok) return refuse(claim)
    if (request.bodyUsed) throw new BodyUsedError()
    const body = await readBody(request, bodies)
    if (!Buffer.isBuffer(body)) return refuse(body)
    if (!isSigned(secrets, claim, body)) return refuse({ ok: false, reason: 'no_match' }, body)

    const { id: svixId, timestamp: svixTimestamp } = claim
    const read = readEvent({ kept, instanceId }, body, { svixId, svixTimestamp, receivedAt })
    if (read.kind === 'invalid') {
      const { reason } = read
      logger.warn({ svixId, reason }, 'signed request is not an event; answered 400')
      return invalidEvent
    }
    const { type } = read
    logType(read, svixId)
    if (read.kind !== 'event') {
      return { status: 200, body: { received: true }, outcome: read.kind }
    }
    const stored = await destination.store(read.job)
    if (stored.status !== 200) silence.failed()
    else {
      const news = silence.succeeded(receivedAt)
      if (news !== undefined) logger.info({ svixId, type }, `event stored, ${news}`)
    }
    return stored
  }

  return Object.assign(handle, {
    async close() {
      await setup?.destination.close()
      setup = undefined
    },
  })
}

/** A setting of the handler is missing or wrong. */
export class WebhookHandlerError extends Error {
  readonly code = 'ERR_WEBHOOK_HANDLER'
  override readonly name: string = 'WebhookHandlerError'
}

/** Something in front of the handler has read the body, whose bytes are signed. */
export class BodyUsedError extends WebhookHandlerError {
  override readonly name = 'BodyUsedError'

  constructor(
    cure = 'call the handler before anything else reads the request, or give it a request.clone()',
  ) {
    super(`the body was read already, and its signature can be checked only on its bytes: ${cure}`)
  }
}

function prepare(
  options: WebhookHandlerOptions,
  { kept, logger }: { kept: Kept; logger: PlainLogger },
): Setup {
  const { databaseUrl, redisUrl, deletionPolicy = 'erase', auditValues = false } = options
  const secret = options.signingSecret ?? process.env['CLERK_WEBHOOK_SIGNING_SECRET']
  if (!secret) {
    throw new WebhookHandlerError(
      'there is no signing secret: set CLERK_WEBHOOK_SIGNING_SECRET to that of the endpoint in ' +
        "Clerk's dashboard (whsec_…), or pass signingSecret",
    )
  }
  const secrets = readSecrets(secret)
  if (databaseUrl && redisUrl) {
    throw new WebhookHandlerError(
      'databaseUrl and redisUrl are both given: pass redisUrl where workers of clerk-sync write the ' +
        'events, or databaseUrl to write them here',
    )
  }
  if (redisUrl) return { secrets, destination: openQueueDestination(redisUrl, logger) }
  // Who asked for the queue must not get the database.
  if ('redisUrl' in options && !databaseUrl) {
    throw new WebhookHandlerError(
      'redisUrl is given, but empty: set the variable that it comes from where the application runs, or ' +
        'leave redisUrl out to write the events into the database',
    )
  }
  const rules = { deletionPolicy, auditValues }
  const { maxConnections = 2 } = options
  return {
    secrets,
    destination: openDatabaseDestination(readDatabaseUrl(databaseUrl), {
      maxConnections,
      kept,
      rules,
      logger,
    }),
  }
}

function readSecrets(text: string): readonly SigningSecret[] {
  try {
    return parseSigningSecrets(text)
  } catch (cause) {
    throw new WebhookHandlerError(
      `the signing secret is wrong (${errorMessage(cause)}): copy that of the endpoint in Clerk's ` +
        'dashboard, which begins with whsec_',
      { cause },
    )
  }
}

/** Reads a body within its limits. What was read is given back when the answer is known. */
async function readBody(
  request: Request,
  bodies: { bytes: number },
): Promise<Buffer | (Refusal & { ok: false })> {
  const chunks: Uint8Array[] = []
  const reader = request.body?.getReader()
  let length = 0
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    void reader?.cancel().catch(() => undefined)
  }, bodyTimeoutMs)
  try {
    for (;;) {
      const part = await reader?.read()
      if (!part || part.done) break
      length += part.value.length
      bodies.bytes += part.value.length
      if (length > bodyLimitBytes) return { ok: false, reason: 'body_too_large' }
      if (bodies.bytes > mostBodyBytes) return { ok: false, reason: 'body_memory' }
      chunks.push(part.value)
    }
    return isLate ? { ok: false, reason: 'hung_up' } : Buffer.concat(chunks)
  } catch {
    return { ok: false, reason: 'hung_up' }
  } finally {
    clearTimeout(timer)
    bodies.bytes -= length
  }
}

function toResponse(answer: Stored): Response {
  const { status, body } = answer
  return Response.json(body, { status, headers: headersOf(answer) })
}
