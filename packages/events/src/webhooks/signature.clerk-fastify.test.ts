import { verifyWebhook as verifyWithBackend } from '@clerk/backend/webhooks'
import { verifyWebhook as verifyWithFastify } from '@clerk/fastify/webhooks'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { sign, verifySignature } from './signature.ts'
import { createSigningSecret, parseSigningSecrets } from './signing-secret.ts'
import type { SigningSecret } from './signing-secret.ts'

const signingSecret = createSigningSecret()
const [secret] = parseSigningSecrets(signingSecret) as [SigningSecret]

const bodies: { title: string; json: string; clerkFastify: 'accepts' | 'refuses' }[] = [
  { title: 'compact JSON', json: metadata('{"plan":"pro"}'), clerkFastify: 'accepts' },
  { title: 'raw UTF-8 and emoji', json: metadata('{"a":"Zoë 🚀"}'), clerkFastify: 'accepts' },
  { title: 'an escaped NUL', json: metadata('{"a":"\\u0000"}'), clerkFastify: 'accepts' },
  { title: 'a lone surrogate', json: metadata('{"a":"\\ud83d"}'), clerkFastify: 'accepts' },
  { title: 'pretty-printed JSON', json: pretty(metadata('{}')), clerkFastify: 'refuses' },
  { title: 'a trailing newline', json: `${metadata('{}')}\n`, clerkFastify: 'refuses' },
  { title: '& and < escaped', json: metadata('{"a":"\\u0026\\u003c"}'), clerkFastify: 'refuses' },
  { title: 'ë escaped', json: metadata('{"a":"\\u00eb"}'), clerkFastify: 'refuses' },
  { title: '/ escaped', json: metadata('{"a":"\\/"}'), clerkFastify: 'refuses' },
  { title: 'integer-like keys', json: metadata('{"b":1,"10":2,"2":3}'), clerkFastify: 'refuses' },
  { title: 'the number 1.0', json: metadata('{"a":1.0}'), clerkFastify: 'refuses' },
  { title: 'the number 1e3', json: metadata('{"a":1e3}'), clerkFastify: 'refuses' },
  {
    title: 'a number over 2^53',
    json: metadata('{"a":9007199254740993}'),
    clerkFastify: 'refuses',
  },
  { title: 'a duplicate key', json: metadata('{"a":1,"a":2}'), clerkFastify: 'refuses' },
  { title: 'a __proto__ key', json: metadata('{"__proto__":1}'), clerkFastify: 'refuses' },
  {
    title: 'a constructor.prototype key',
    json: metadata('{"constructor":{"prototype":1}}'),
    clerkFastify: 'refuses',
  },
]

describe.each(bodies)('a correctly signed body with $title', ({ json, clerkFastify }) => {
  const body = Buffer.from(json)

  test('is accepted by verifySignature', () => {
    const { id, timestamp, signature } = signedHeaders(body)
    expect(verifySignature([secret], { headers: { id, timestamp, signature }, body })).toEqual({
      ok: true,
      id,
      timestamp: Number(timestamp),
    })
  })

  test('is accepted by @clerk/backend when it gets the raw bytes', async () => {
    const request = new Request('http://localhost/', {
      method: 'POST',
      headers: svixHeaders(body),
      body,
    })
    await expect(verifyWithBackend(request, { signingSecret })).resolves.toBeDefined()
  })

  test(`behind Fastify's JSON parser, @clerk/fastify ${clerkFastify} it`, async () => {
    const status = await statusOfClerkFastify(Fastify(), body)
    expect(status).toBe(clerkFastify === 'accepts' ? 200 : 400)
  })
})

test.each(['buffer', 'string'] as const)(
  '@clerk/fastify refuses every body behind a parser that keeps a %s',
  async (parseAs) => {
    for (const { json } of bodies) {
      const app = Fastify()
      app.addContentTypeParser('application/json', { parseAs }, (_request, body, done) => {
        done(null, body)
      })
      expect(await statusOfClerkFastify(app, Buffer.from(json))).toBe(400)
    }
  },
)

async function statusOfClerkFastify(app: FastifyInstance, body: Buffer): Promise<number> {
  app.post('/', (request, reply) =>
    verifyWithFastify(request, { signingSecret }).then(
      () => reply.code(200).send(),
      (error: Error) => {
        expect(error.message).toContain('No matching signature found')
        return reply.code(400).send()
      },
    ),
  )
  const headers = { 'content-type': 'application/json', ...svixHeaders(body) }
  const response = await app.inject({ method: 'POST', url: '/', headers, payload: body })
  await app.close()
  return response.statusCode
}

function signedHeaders(body: Buffer) {
  const id = 'msg_1'
  const timestamp = Math.floor(Date.now() / 1000)
  return { id, timestamp: String(timestamp), signature: sign(secret, { id, timestamp, body }) }
}

function svixHeaders(body: Buffer): Record<string, string> {
  const { id, timestamp, signature } = signedHeaders(body)
  return { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature }
}

/** A user's own unsafe_metadata, spelled exactly so, inside an event. */
function metadata(json: string): string {
  return `{"data":{"id":"user_1","unsafe_metadata":${json}},"object":"event","type":"user.updated"}`
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2)
}
