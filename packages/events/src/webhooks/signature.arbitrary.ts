import * as fc from 'fast-check'
import { sign } from './signature.ts'
import { parseSigningSecrets } from './signing-secret.ts'
import type { SigningSecret } from './signing-secret.ts'

export interface GeneratedRequest {
  /** The secrets of the server, as in CLERK_WEBHOOK_SIGNING_SECRET. */
  secrets: string[]
  headers: Record<'id' | 'timestamp' | 'signature', string | undefined>
  body: Buffer
  /** Milliseconds since the epoch. */
  now: number
}

/** Requests that are correctly signed about as often as they are wrong in one way or another. */
export function signedRequest(): fc.Arbitrary<GeneratedRequest> {
  return fc
    .record({
      secrets: fc.array(secretText, { minLength: 1, maxLength: 3 }),
      foreignSecret: secretText,
      id: messageId,
      body: bodyText,
      now: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
      age: ageSeconds,
      spellTimestamp,
      entries: fc.array(fc.record({ signer: fc.nat(3), spell: spellEntry }), {
        minLength: 1,
        maxLength: 5,
      }),
      separator: rarely(' ', '  ', ' , ', ',', '\t'),
      padding: rarely('', ' ', '\t', '\u00a0', ' \t '),
      tamper: rarely('nothing', 'body', 'body layout', 'id', 'timestamp', 'fraction'),
      blank: rarely(undefined, 'id', 'timestamp', 'signature'),
      blankValue: fc.constantFrom(undefined, '', ' ', '\u00a0'),
    })
    .map((given) => {
      const timestamp = Math.floor(given.now / 1000) - given.age
      const signed = { id: given.id, timestamp, body: given.body }
      if (given.tamper === 'body') signed.body += ' '
      if (given.tamper === 'body layout') signed.body = reserialised(given.body)
      if (given.tamper === 'id') signed.id += '0'
      if (given.tamper === 'timestamp') signed.timestamp += 1
      if (given.tamper === 'fraction') signed.timestamp += 0.5

      const signers = parseSigningSecrets([given.foreignSecret, ...given.secrets].join(' '))
      const entries = given.entries.map(({ signer, spell }) =>
        spell(sign(signers[signer % signers.length] as SigningSecret, signed)),
      )
      const pad = (text: string) => given.padding + text + given.padding
      const headers: GeneratedRequest['headers'] = {
        id: pad(given.id),
        timestamp: pad(given.spellTimestamp(timestamp)),
        signature: pad(entries.join(given.separator)),
      }
      if (given.blank) headers[given.blank] = given.blankValue
      return { secrets: given.secrets, headers, body: Buffer.from(given.body), now: given.now }
    })
}

/** The first value four times in five, so that several oddities seldom meet in one request. */
function rarely<const T>(usual: T, ...odd: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  )
}

const secretText = fc
  .record({
    key: fc.uint8Array({ minLength: 3, maxLength: 70 }),
    prefix: fc.constantFrom('whsec_', ''),
    padded: fc.boolean(),
  })
  .map(({ key, prefix, padded }) => {
    const base64 = Buffer.from(key).toString('base64')
    return prefix + (padded ? base64 : base64.replaceAll('=', ''))
  })

const messageId = fc.oneof(
  fc.stringMatching(/^msg_[A-Za-z0-9]{27}$/),
  fc.constantFrom('msg_é', 'a.1700000000', 'two words', 'msg_1,msg_1', '.'),
)

const bodyText = fc
  .oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => `${JSON.stringify(value, null, 2)}\n`),
    fc.json({ stringUnit: 'binary' }),
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `{"data":{"first_name":${goEscaped(text)}}}`),
    fc.constantFrom('', 'null', '1.0', '{"b":1,"10":2,"2":3}', '{"a":1,"a":2}', '{"__proto__":1}'),
    fc.nat(100_000).map((length) => JSON.stringify({ data: 'é'.repeat(length / 2) })),
  )
  .filter((text) => !text.startsWith('\uFEFF'))

const ageSeconds = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -300, max: 300 }) },
  { weight: 2, arbitrary: fc.constantFrom(-302, -301, -300, -299, 299, 300, 301, 302) },
  { weight: 1, arbitrary: fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }) },
)

const spellTimestamp = rarely<(timestamp: number) => string>(
  String,
  (timestamp) => `${timestamp}abc`,
  (timestamp) => `${timestamp}.9`,
  (timestamp) => `${timestamp} 1`,
  (timestamp) => `+${timestamp}`,
  (timestamp) => `00${timestamp}`,
  (timestamp) => `-${timestamp}`,
  (timestamp) => `0x${timestamp.toString(16)}`,
  (timestamp) => `${timestamp / 10 ** 9}e9`,
  (timestamp) => `${timestamp}000`,
  (timestamp) => new Date(timestamp * 1000).toISOString(),
  () => '12abc',
  () => '1e3',
  () => '-0',
  () => 'now',
  () => 'NaN',
  () => '9'.repeat(400),
)

const spellEntry = rarely<(entry: string) => string>(
  (entry) => entry,
  (entry) => entry.replace('v1', 'v1a'),
  (entry) => entry.replace('v1', 'V1'),
  (entry) => entry.replace('v1', ''),
  (entry) => `${entry},${entry}`,
  (entry) => `${entry},`,
  (entry) => `,${entry}`,
  (entry) => `v1,${entry}`,
  (entry) => entry.replace(',', ', '),
  (entry) => entry.slice(0, -1),
  (entry) => `${entry}=`,
  (entry) => entry.replace(/.=$/, 'B='),
  (entry) => entry.replaceAll('+', '-').replaceAll('/', '_'),
  (entry) => entry.replace(/[A-Z]/, 'é'),
  (entry) => entry.toLowerCase(),
  () => 'v1',
  () => 'v1,',
  () => '',
)

function reserialised(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}

function goEscaped(text: string): string {
  return JSON.stringify(`${text}&<`).replaceAll('&', '\\u0026').replaceAll('<', '\\u003c')
}
