import { verifyWebhook } from '@clerk/backend/webhooks'
import * as fc from 'fast-check'
import { Webhook } from 'svix'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { signedRequest } from './signature.arbitrary.ts'
import type { GeneratedRequest } from './signature.arbitrary.ts'
import {
  fetchRequest,
  verdictOfClerk,
  verdictOfSvix,
  verdictOfSvixUntrimmed,
} from './signature.reference.ts'
import type { Verdict } from './signature.reference.ts'
import { sign, verifySignature } from './signature.ts'
import { createSigningSecret, parseSigningSecrets } from './signing-secret.ts'
import type { SigningSecret } from './signing-secret.ts'

const runs = 4000
const timeout = 60_000
// FAST_CHECK_SEED set to the seed of a failure shows the same requests again.
const seed = Number(
  process.env['FAST_CHECK_SEED'] ?? (process.env['CI'] ? 1 : Date.now() % 2 ** 31),
)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe(`verifySignature on ${runs} generated requests, seed ${seed}`, () => {
  test(
    'gives the verdict and the reason of verifyWebhook of @clerk/backend',
    { timeout },
    async () => {
      const seen = new Map<Verdict, number>()
      const agree = fc.asyncProperty(signedRequest(), async (request) => {
        vi.setSystemTime(request.now)
        const verdict = await verdictOfClerk(request)
        seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
        expect(verdictOfOurs(request)).toBe(verdict)
      })
      await fc.assert(agree, { seed, numRuns: runs })
      expectAllKinds(seen)
    },
  )

  test('gives the verdict and the reason of Webhook.verify of svix', { timeout }, () => {
    const seen = new Map<Verdict, number>()
    const agree = fc.property(signedRequest(), (request) => {
      vi.setSystemTime(request.now)
      const verdict = verdictOfSvix(request)
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
      expect(verdictOfOurs(request)).toBe(verdict)
    })
    fc.assert(agree, { seed, numRuns: runs })
    expectAllKinds(seen)
  })
})

test(`parseSigningSecrets takes and decodes what svix takes, seed ${seed}`, { timeout }, () => {
  const message = { id: 'msg_1', timestamp: 1_700_000_000, body: '{}' }
  const text = fc.oneof(
    fc.base64String().map((base64) => `whsec_${base64}`),
    fc.stringMatching(/^(whsec_)?[A-Za-z0-9+/]{0,40}={0,3}$/),
    fc.stringMatching(/^(whsec_)?[A-Za-z0-9+/=_é-]{0,12}$/).filter((part) => !hasStrayEnd(part)),
  )
  const agree = fc.property(text, (secret) => {
    const ours = attempt(() => sign(parseSigningSecrets(secret)[0] as SigningSecret, message))
    const theirs = attempt(() =>
      new Webhook(secret).sign(message.id, new Date(message.timestamp * 1000), message.body),
    )
    expect(ours).toBe(theirs)
  })
  fc.assert(agree, { seed, numRuns: runs })
})

describe('where the libraries differ', () => {
  const now = 1_700_000_000_000
  const secretText = createSigningSecret()
  const [secret] = parseSigningSecrets(secretText) as [SigningSecret]

  function signed(body: Buffer, id = 'msg_1', signedBody: Buffer | string = body) {
    vi.setSystemTime(now)
    const timestamp = now / 1000
    const signature = sign(secret, { id: id.trim(), timestamp, body: signedBody })
    return {
      secrets: [secretText],
      headers: { id, timestamp: String(timestamp), signature },
      body,
      now,
    }
  }

  test('space around a header is trimmed as @clerk/backend does; svix signs it', async () => {
    const request = signed(Buffer.from('{}'), ' msg_1')
    expect(await verdictOfClerk(request)).toBe('ok')
    expect(verdictOfSvixUntrimmed(request)).toBe('no_match')
    expect(verdictOfOurs(request)).toBe('ok')
  })

  test('a signed body with a byte order mark is accepted, as svix does', async () => {
    const request = signed(Buffer.from('\uFEFF{}'))
    expect(await verdictOfClerk(request)).toBe('no_match')
    expect(verdictOfSvix(request)).toBe('ok')
    expect(verdictOfOurs(request)).toBe('ok')
  })

  test('only ours accepts signed bytes that are no UTF-8', async () => {
    const request = signed(Buffer.from([0x22, 0xff, 0x22]))
    expect(await verdictOfClerk(request)).toBe('no_match')
    expect(verdictOfSvix(request)).toBe('no_match')
    expect(verdictOfOurs(request)).toBe('ok')
  })

  test('only ours refuses bytes that were swapped for others with the same lossy text', async () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22])
    const request = signed(bytes, 'msg_1', bytes.toString())
    expect(await verdictOfClerk(request)).toBe('ok')
    expect(verdictOfSvix(request)).toBe('ok')
    expect(verdictOfOurs(request)).toBe('no_match')
  })

  test('a signed body that is not JSON is accepted, as svix does', async () => {
    const request = signed(Buffer.from('not JSON'))
    const clerk = verifyWebhook(fetchRequest(request), { signingSecret: secretText })
    await expect(clerk).rejects.toThrow('JSON')
    expect(verdictOfSvix(request)).toBe('ok')
    expect(verdictOfOurs(request)).toBe('ok')
  })

  test('only ours refuses a secret with a stray last character, which the others skip', () => {
    expect(() => new Webhook(`${secretText}"`)).not.toThrow()
    expect(() => parseSigningSecrets(`${secretText}"`)).toThrow('is not base64')
  })
})

/** One character too many that is not base64, as in `AAAA_` or `AAAA_=`. */
function hasStrayEnd(secret: string): boolean {
  return /^(?:.{4})*[^A-Za-z0-9+/=]={0,2}$/.test(secret.replace(/^whsec_/, ''))
}

function verdictOfOurs({ secrets, headers, body }: GeneratedRequest): Verdict {
  const verdict = verifySignature(parseSigningSecrets(secrets.join(',')), { headers, body })
  return verdict.ok ? 'ok' : verdict.reason
}

/** What `run` returns; undefined when it throws. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** Without this a generator that only makes nonsense would pass. */
function expectAllKinds(seen: Map<Verdict, number>): void {
  const kinds = ['malformed_timestamp', 'missing_header', 'no_match', 'ok', 'too_new', 'too_old']
  expect([...seen.keys()].toSorted()).toEqual(kinds)
  expect(seen.get('ok')).toBeGreaterThan(runs / 5)
}
