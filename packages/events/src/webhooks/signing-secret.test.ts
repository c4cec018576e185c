import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { sign } from './signature.ts'
import { createSigningSecret, fingerprintOf, parseSigningSecrets } from './signing-secret.ts'

const message = { id: 'msg_1', timestamp: 1_700_000_000, body: '{"test": 2432232314}' }

describe('parseSigningSecrets', () => {
  test('reads several secrets separated by spaces, commas or line breaks', () => {
    const texts = [createSigningSecret(), createSigningSecret(), createSigningSecret()] as const
    const parsed = parseSigningSecrets(` ${texts[0]},${texts[1]} ,\n${texts[2]}, `)
    const alone = texts.flatMap((text) => parseSigningSecrets(text))
    expect(parsed.map((key) => sign(key, message))).toEqual(alone.map((key) => sign(key, message)))
  })

  test('takes a secret with or without whsec_ and padding, however short', () => {
    const spellings = ['whsec_AQIDBA==', 'AQIDBA==', 'whsec_AQIDBA', 'AQIDBA']
    const signatures = spellings
      .flatMap((text) => parseSigningSecrets(text))
      .map((key) => sign(key, message))
    expect(signatures).toHaveLength(spellings.length)
    expect(new Set(signatures).size).toBe(1)
    expect(parseSigningSecrets('whsec_AQ==')).toHaveLength(1)
  })

  test('says which secret is wrong without repeating it', () => {
    const good = createSigningSecret()
    for (const bad of ['whsec_not-base64url', 'sk_test_abcdefgh', 'whsec_AAA=AAAA', 'whsec_A']) {
      const attempt = () => parseSigningSecrets(`${good} ${bad}`)
      expect(attempt).toThrow(
        expect.objectContaining({
          code: 'ERR_SIGNING_SECRET',
          message: 'signing secret 2 of 2 is not base64',
        }),
      )
    }
    expect(() => parseSigningSecrets('whsec_')).toThrow('signing secret 1 of 1 is empty')
    expect(() => parseSigningSecrets(' , ')).toThrow('no signing secret given')
  })

  test('gives keys that are not shown when they are printed', () => {
    const [key] = parseSigningSecrets('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    expect(inspect(key, { depth: 9, showHidden: true })).not.toMatch(/MfKQ|31, ?f2|Buffer/)
    expect(JSON.stringify({ key })).toBe('{"key":{}}')
  })
})

describe('createSigningSecret', () => {
  test('creates a different secret each time: 24 random bytes after whsec_', () => {
    const made = Array.from({ length: 100 }, createSigningSecret)
    expect(new Set(made).size).toBe(100)
    for (const text of made) expect(text).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
  })
})

test('a fingerprint is what sha256sum says of the text, and no more than 8 digits of it', () => {
  const text = createSigningSecret()
  const digest = createHash('sha256').update(text).digest('hex')
  expect(parseSigningSecrets(text).map(fingerprintOf)).toEqual([digest.slice(0, 8)])
})
