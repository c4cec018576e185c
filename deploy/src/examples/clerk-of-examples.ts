import { createSign, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk } from '@clerk-sync/fake-clerk'

const frontendApi = 'example.clerk.accounts.dev'
const keyId = 'ins_examples'
const sessionSeconds = 600

/** The Clerk of the examples, on 127.0.0.1: its Backend API and the sessions that it has issued. */
export interface ClerkOfExamples {
  readonly publishableKey: string
  readonly secretKey: string
  /** Variables that tell an application where this is. Without them it takes Clerk's own. */
  readonly environment: Readonly<Record<string, string>>
  readonly world: FakeClerk['world']
  /** A session token of a user, as Clerk's frontend sends it in the header `authorization`. */
  signIn(userId: string): string
  close(): Promise<void>
}

/** Starts it. The caller closes it. */
export async function createClerkOfExamples(): Promise<ClerkOfExamples> {
  const fake = await createFakeClerk()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const jwks = {
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }],
  }

  async function answer({ url = '/', headers }: IncomingMessage): Promise<Response> {
    // The SDKs ask the Backend API for the key of the sessions. The fake does not have that.
    if (url.startsWith('/v1/jwks')) return Response.json(jwks)
    const { authorization = '' } = headers
    return await fetch(new URL(url, fake.url), { headers: { authorization } })
  }
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answered = await answer(request)
    const body = Buffer.from(await answered.arrayBuffer())
    response.writeHead(answered.status, { 'content-type': 'application/json' }).end(body)
  }
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const jwtKey = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return {
    publishableKey: `pk_test_${Buffer.from(`${frontendApi}$`).toString('base64')}`,
    secretKey: fake.secretKey,
    environment: {
      CLERK_API_URL: apiUrl,
      NUXT_CLERK_API_URL: apiUrl,
      // @clerk/fastify does not ask CLERK_API_URL for the key of the sessions.
      CLERK_JWT_KEY: jwtKey,
      NUXT_CLERK_JWT_KEY: jwtKey,
    },
    world: fake.world,
    signIn(userId) {
      const now = Math.floor(Date.now() / 1_000)
      const claims = {
        exp: now + sessionSeconds,
        iat: now,
        iss: `https://${frontendApi}`,
        nbf: now - 10,
        sid: 'sess_examples',
        sts: 'active',
        sub: userId,
        v: 2,
      }
      const [header, payload] = [{ alg: 'RS256', kid: keyId, typ: 'JWT' }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      )
      const signature = createSign('RSA-SHA256').update(`${header}.${payload}`).sign(privateKey)
      return `${header}.${payload}.${signature.toString('base64url')}`
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await fake.close()
    },
  }
}
