import { describe, expect, test } from 'vitest'
import { sign, verifySignature } from './signature.ts'
import { createSigningSecret, parseSigningSecrets } from './signing-secret.ts'
import type { SigningSecret } from './signing-secret.ts'

// The example of the Standard Webhooks reference libraries' own tests.
const knownSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const knownMessage = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
}
const knownSignature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='

const id = 'msg_1'
const timestamp = 1_700_000_000
const body = Buffer.from('{"type":"user.updated","data":{"first_name":"Zoë \\u0026 Co"}}')
const [secret, otherSecret] = parseSigningSecrets(
  `${createSigningSecret()} ${createSigningSecret()}`,
) as [SigningSecret, SigningSecret]
const signature = sign(secret, { id, timestamp, body })

function verdict(
  headers: { id?: string | undefined; timestamp?: string | undefined; signature?: string },
  { secrets = [secret], now = timestamp * 1000, bytes = body } = {},
) {
  return verifySignature(secrets, {
    headers: { id, timestamp: String(timestamp), signature, ...headers },
    body: bytes,
    now,
  })
}

describe('sign', () => {
  test('gives the signature that the Standard Webhooks libraries publish for their example', () => {
    const [key] = parseSigningSecrets(knownSecret) as [SigningSecret]
    expect(sign(key, knownMessage)).toBe(knownSignature)
  })
})

function at(seconds: number, ms = 0) {
  return { now: (timestamp + seconds) * 1000 + ms }
}

describe('verifySignature', () => {
  const accepted = { ok: true, id, timestamp }
  const noMatch = { ok: false, reason: 'no_match' }

  test('accepts what sign has signed', () => {
    expect(verdict({})).toEqual(accepted)
  })

  test('gives the id and the timestamp of a verified request as they were signed', () => {
    const spelled = { id: ` ${id} `, timestamp: `+${timestamp}.9` }
    expect(verdict(spelled)).toEqual({ ok: true, id, timestamp })
  })

  test('reads the clock when no time is given', () => {
    const seconds = Math.floor(Date.now() / 1000)
    const headers = {
      id,
      timestamp: String(seconds),
      signature: sign(secret, { id, timestamp: seconds, body }),
    }
    expect(verifySignature([secret], { headers, body })).toEqual({
      ...accepted,
      timestamp: seconds,
    })
    expect(verdict({}, { now: Date.now() })).toMatchObject({ ok: false, reason: 'too_old' })
  })

  test('refuses a body, id or timestamp that differs from the signed one', () => {
    expect(verdict({}, { bytes: Buffer.from(`${body.toString()}\n`) })).toEqual(noMatch)
    expect(verdict({ id: 'msg_2' })).toEqual(noMatch)
    expect(verdict({ timestamp: String(timestamp + 1) })).toEqual(noMatch)
  })

  test('verifies bytes, so invalid UTF-8 is not confused with its replacement character', () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22])
    const replaced = Buffer.from(bytes.toString())
    const ofBytes = sign(secret, { id, timestamp, body: bytes })
    expect(verdict({ signature: ofBytes }, { bytes })).toEqual(accepted)
    expect(verdict({ signature: ofBytes }, { bytes: replaced })).toEqual(noMatch)
  })

  test('needs all three headers, and blank ones count as missing', () => {
    const missing = { ok: false, reason: 'missing_header' }
    for (const name of ['id', 'timestamp', 'signature']) {
      for (const value of [undefined, '', ' \t ']) {
        expect(verdict({ [name]: value })).toEqual(missing)
      }
    }
  })

  test('refuses a timestamp that does not start with a number', () => {
    for (const text of ['now', 'NaN', 'Infinity', '-', '.5', 't1700000000']) {
      expect(verdict({ timestamp: text })).toEqual({ ok: false, reason: 'malformed_timestamp' })
    }
  })

  test('reads the timestamp as the reference libraries do, up to the first non-digit', () => {
    for (const text of [`${timestamp}abc`, ` ${timestamp} `, `+${timestamp}`, `${timestamp}.9`]) {
      expect(verdict({ timestamp: text })).toEqual(accepted)
    }
    for (const text of ['1e3', '12abc', `0x${timestamp.toString(16)}`]) {
      expect(verdict({ timestamp: text })).toMatchObject({ ok: false, reason: 'too_old' })
    }
    expect(verdict({ timestamp: `-${timestamp}` })).toMatchObject({ ok: false, reason: 'too_old' })
    expect(verdict({ timestamp: '9'.repeat(400) })).toMatchObject({ ok: false, reason: 'too_new' })
  })

  test('allows five minutes before or after, and not a second more', () => {
    expect(verdict({}, at(300, 999))).toEqual(accepted)
    expect(verdict({}, at(301))).toEqual({ ok: false, reason: 'too_old', ageSeconds: 301 })
    expect(verdict({}, at(-300))).toEqual(accepted)
    expect(verdict({}, at(-300, -1))).toEqual({
      ok: false,
      reason: 'too_new',
      ageSeconds: -301,
    })
  })

  test('accepts any of several secrets, so that a rotation loses no event', () => {
    const both = `${sign(otherSecret, { id, timestamp, body })} ${signature}`
    expect(verdict({}, { secrets: [otherSecret, secret] })).toEqual(accepted)
    expect(verdict({ signature: both })).toEqual(accepted)
    expect(verdict({ signature: both }, { secrets: [otherSecret] })).toEqual(accepted)
    expect(verdict({}, { secrets: [otherSecret] })).toEqual(noMatch)
    expect(verdict({}, { secrets: [] })).toEqual(noMatch)
  })

  test('ignores other versions and entries that are not signatures', () => {
    const noise = ['v1a,AAAA', 'v2', 'v1', 'v1,', ',', '']
    expect(verdict({ signature: [...noise, signature, ...noise].join(' ') })).toEqual(accepted)
    expect(verdict({ signature: noise.join(' ') })).toEqual(noMatch)
    expect(verdict({ signature: `v1a,AAAA\t${signature}` })).toEqual(noMatch)
    expect(verdict({ signature: signature.replace('v1', 'v1a') })).toEqual(noMatch)
    expect(verdict({ signature: signature.replace('v1', 'V1') })).toEqual(noMatch)
  })

  test('reads the entries of a repeated header, which Node joins with a comma', () => {
    expect(verdict({ signature: `v1,AAAA, ${signature}` })).toEqual(accepted)
    expect(verdict({ signature: `${signature}, v1,AAAA` })).toEqual(accepted)
  })

  test('accepts only one spelling of the signature', () => {
    expect(signature).toMatch(/=$/)
    expect(verdict({ signature: signature.slice(0, -1) })).toEqual(noMatch)
    expect(verdict({ signature: `${signature}=` })).toEqual(noMatch)
    expect(verdict({ signature: signature.toLowerCase() })).toEqual(noMatch)
  })
})
