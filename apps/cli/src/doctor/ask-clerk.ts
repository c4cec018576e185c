import { z } from 'zod'
import { checkTimeoutMs } from './run-checks.ts'

// The check gives up before, in its own words.
const abortAfterMs = checkTimeoutMs + 500

/** What Clerk said when it was asked for its instance. */
export interface ClerkAnswer {
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
export async function askClerk(
  apiUrl: string,
  secretKey: string | undefined,
): Promise<ClerkAnswer> {
  const asked = Date.now()
  const response = await fetch(`${apiUrl}/v1/instance`, {
    headers: {
      'user-agent': 'clerk-sync',
      ...(secretKey === undefined ? {} : { authorization: `Bearer ${secretKey}` }),
    },
    // A key goes to the host that was set, and nowhere else.
    redirect: 'manual',
    signal: AbortSignal.timeout(abortAfterMs),
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
  // The header has whole seconds: on average it is half a second old.
  return Number.isNaN(theirs) ? undefined : now - (theirs + 500)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
