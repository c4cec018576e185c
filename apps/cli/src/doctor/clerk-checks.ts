import { fetchCause } from '../terminal/text.ts'
import { errorMessage } from '@clerk-sync/ops'
import { z } from 'zod'
import { remember, skippedCheck, abortRequestMs } from './check.ts'
import type { Check, Finding } from './check.ts'
import { describeSkew } from './wording.ts'
import type { Quote } from './wording.ts'
import type { Setting } from './settings-checks.ts'

// A minute before ingest refuses what Clerk sends.
const dangerousSkewMs = 4 * 60_000

export interface ClerkSettings {
  readonly apiUrl: string
  readonly secretKey: Setting<string>
  readonly instanceId: string | undefined
}

/** Checks Clerk's Backend API, its clock, the secret key and the instance. The clock needs no key. */
export function clerkChecks(settings: ClerkSettings, quote: Quote): Check[] {
  const { secretKey, apiUrl } = settings
  const key = secretKey.state === 'set' ? secretKey.value : undefined
  const ask = remember(() => askClerk(apiUrl, key))
  const reachable: Check = {
    name: "Clerk's API",
    async run() {
      const { host } = new URL(apiUrl)
      await ask()
      return { status: 'ok', found: `${host} answers` }
    },
    onError: (_, error) => unreachable(quote(errorMessage(fetchCause(error))), key !== undefined),
  }
  const clock: Check = {
    name: 'clock',
    needs: reachable,
    run: async () => judgeClock(await ask()),
    onError: (reason) => unreachable(reason, false),
  }
  if (key === undefined) {
    const cause =
      secretKey.state === 'unset' ? 'CLERK_SECRET_KEY is not set' : 'CLERK_SECRET_KEY is wrong'
    const cure = 'set it to the secret key of the instance; events are taken and written without it'
    const names = ['secret key', 'instance']
    return [reachable, clock, ...names.map((name) => skippedCheck(name, cause, cure))]
  }
  const accepted: Check = {
    name: 'secret key',
    needs: reachable,
    run: async () => judgeKey(await ask(), key, quote),
    onError: (reason) => unreachable(reason, true),
  }
  const instance: Check = {
    name: 'instance',
    needs: accepted,
    run: async () => judgeInstance(await ask(), settings.instanceId, quote),
    onError: (reason) => unreachable(reason, true),
  }
  return [reachable, clock, accepted, instance]
}

function judgeClock({ aheadMs }: ClerkAnswer): Finding {
  if (aheadMs === undefined) {
    return {
      status: 'warning',
      found: 'unknown',
      cause: 'the answer has no Date header: a proxy may have taken it off',
      cure: 'compare the clock with another one, and let NTP set it',
    }
  }
  const { text, isLarge } = describeSkew(aheadMs, 'Clerk')
  const cure = 'let NTP set the clock of this machine, and of the one where ingest runs'
  if (Math.abs(aheadMs) > dangerousSkewMs) {
    const cause = 'ingest refuses signatures that are more than five minutes old or early'
    return { status: 'problem', found: text, cause, cure }
  }
  if (isLarge) {
    const cause = 'beyond five minutes ingest refuses every event'
    return { status: 'warning', found: text, cause, cure }
  }
  return { status: 'ok', found: text }
}

function judgeKey({ status, errorCode }: ClerkAnswer, key: string, quote: Quote): Finding {
  const kind = key.startsWith('sk_live_') ? 'production' : 'development'
  if (status === 200) return { status: 'ok', found: `accepted, ${kind}` }
  const answered = `answered ${status}${errorCode === undefined ? '' : ` ${quote(errorCode)}`}`
  if (status === 401) {
    return {
      status: 'problem',
      found: `refused, ${kind}: ${answered}`,
      cause: 'CLERK_SECRET_KEY is not a secret key of this API, or was revoked',
      cure: 'copy it from the Clerk Dashboard, under API keys, into CLERK_SECRET_KEY',
    }
  }
  const isPassing = status === 429 || status >= 500
  return {
    status: isPassing ? 'warning' : 'problem',
    found: `not known to be accepted, ${kind}: ${answered}`,
    cause: isPassing ? 'Clerk can not answer now' : 'Clerk does not answer a key in this way',
    cure: isPassing ? 'try again in a minute' : 'CLERK_API_URL must be that of Clerk, or be unset',
  }
}

function judgeInstance(
  { instanceId }: ClerkAnswer,
  expected: string | undefined,
  quote: Quote,
): Finding {
  if (instanceId === undefined) {
    return {
      status: 'warning',
      found: 'unknown',
      cause: 'the answer to /v1/instance has no id',
      cure: 'CLERK_API_URL must be that of Clerk, or be unset',
    }
  }
  // A quote would replace the part of the id that equals a short password.
  const shown = /^ins_\w{1,40}$/.test(instanceId) ? instanceId : quote(instanceId)
  if (expected === undefined) {
    return {
      status: 'skipped',
      found: `${shown}, compared with nothing`,
      cause: 'CLERK_INSTANCE_ID is not set: events of every instance that signs rightly are kept',
      cure: `set CLERK_INSTANCE_ID=${shown} for ingest to keep this instance's alone`,
    }
  }
  if (instanceId === expected) return { status: 'ok', found: `${shown}, as in CLERK_INSTANCE_ID` }
  return {
    status: 'problem',
    found: `CLERK_SECRET_KEY is of ${shown}, CLERK_INSTANCE_ID is ${quote(expected)}`,
    cause: 'ingest drops the events of every instance but the one in CLERK_INSTANCE_ID',
    cure: 'set both for the same instance, and the signing secret of its endpoint',
  }
}

function unreachable(reason: string, isNeeded: boolean): Finding {
  return {
    status: isNeeded ? 'problem' : 'warning',
    found: reason,
    cause: isNeeded
      ? "Clerk's API can't be reached from here"
      : "Clerk's API can't be reached from here: the clock can't be compared",
    cure: 'allow connections to the host in CLERK_API_URL; Clerk itself connects to ingest only',
  }
}

/** Clerk's answer to `/v1/instance`. */
interface ClerkAnswer {
  readonly status: number
  /** How far this machine's clock is ahead of the answer's Date; behind it when negative. */
  readonly aheadMs: number | undefined
  readonly instanceId: string | undefined
  readonly errorCode: string | undefined
}

const bodySchema = z.object({
  id: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ code: z.string() }))
    .optional()
    .catch(undefined),
})

/** Asks `/v1/instance`, without a key where there is none. @throws when nothing answers. */
async function askClerk(apiUrl: string, secretKey: string | undefined): Promise<ClerkAnswer> {
  const asked = Date.now()
  const response = await fetch(`${apiUrl}/v1/instance`, {
    headers: {
      'user-agent': 'clerk-sync',
      ...(secretKey === undefined ? {} : { authorization: `Bearer ${secretKey}` }),
    },
    // A redirect must not send the key to another host.
    redirect: 'manual',
    signal: AbortSignal.timeout(abortRequestMs),
  })
  const answered = Date.now()
  const body = bodySchema.safeParse(parse(await response.text())).data
  return {
    status: response.status,
    aheadMs: aheadOf(response.headers.get('date'), (asked + answered) / 2),
    instanceId: body?.id,
    errorCode: body?.errors?.[0]?.code,
  }
}

function aheadOf(date: string | null, now: number): number | undefined {
  const theirs = Date.parse(date ?? '')
  // The header has whole seconds: its time is half a second early on average.
  return Number.isNaN(theirs) ? undefined : now - (theirs + 500)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
