import { randomBytes } from 'node:crypto'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import { Client } from 'pg'
import type { ClerkOfExamples } from './clerk-of-examples.ts'

export interface Behind {
  readonly clerk: ClerkOfExamples
  readonly databaseUrl: string
  readonly signingSecret: string
}

/**
 * Checks what each example promises: `POST /api/webhooks/clerk` writes signed events and refuses all
 * others, and `GET /me` shows the user who is signed in, also before their event has come.
 *
 * @throws Error that says what was wrong.
 */
export async function checkApplication(
  url: string,
  { clerk, databaseUrl, signingSecret }: Behind,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const send = (body: string, secret = signingSecret, signed = body) =>
    deliver(`${url}/api/webhooks/clerk`, { body, secret, signed })
  const firstNameOf = async (id: string) => {
    const { rows } = await client.query<{ first_name: string }>(
      'SELECT first_name FROM clerk.users WHERE id = $1',
      [id],
    )
    return rows[0]?.first_name
  }
  try {
    const spellings: [string, (event: object) => string][] = [
      ['an event', (event) => JSON.stringify(event)],
      ['a pretty-printed event', (event) => JSON.stringify(event, undefined, 2)],
      [String.raw`an event with \u0026`, (event) => escapeAmpersands(JSON.stringify(event))],
    ]
    for (const [what, spell] of spellings) {
      const { id, event } = createUser(clerk, { first_name: 'Ada & Grace' })
      expectAnswer(what, await send(spell(event)), 200, '{"received":true}')
      expectSame(`${what}: first_name in clerk.users`, await firstNameOf(id), 'Ada & Grace')
    }

    const { id: refusedId, event: refused } = createUser(clerk)
    const body = JSON.stringify(refused)
    const refusals: [string, Answered][] = [
      ['an event with the signature of another secret', await send(body, createSigningSecret())],
      ['an event that was changed', await send(`${body} `, signingSecret, body)],
    ]
    for (const [what, answered] of refusals) {
      expectAnswer(what, answered, 400, '{"error":"invalid_signature"}')
    }
    expectSame('a refused event: its row', await firstNameOf(refusedId), undefined)
    const { rowCount } = await client.query('SELECT FROM clerk.webhook_events')
    expectSame('rows of the ledger', rowCount, spellings.length)

    const name = `Grace${randomBytes(4).toString('hex')}`
    const { id } = createUser(clerk, { first_name: name })
    const signedOut = await getPage(`${url}/me`)
    if (signedOut.status < 300 || signedOut.status >= 500 || signedOut.body.includes(name)) {
      throw new Error(`GET /me without a session: answered ${describe(signedOut)}`)
    }
    const signedIn = await getPage(`${url}/me`, clerk.signIn(id))
    if (signedIn.status !== 200 || !signedIn.body.includes(name)) {
      throw new Error(`GET /me of ${name}: answered ${describe(signedIn)}`)
    }
    expectSame('the row of who signed in before their event', await firstNameOf(id), name)
  } finally {
    await client.end()
  }
}

/** Creates a user at Clerk. Their event is not delivered. */
function createUser({ world }: ClerkOfExamples, fields: Record<string, unknown> = {}) {
  const events: object[] = []
  const stop = world.onEvent((event) => void events.push(event))
  const { id } = world.createUser({
    email_address: `${randomBytes(6).toString('hex')}@example.com`,
    ...fields,
  })
  stop()
  const [event] = events
  if (!event) throw new Error('the fake Clerk has published no event')
  return { id, event }
}

interface Answered {
  readonly status: number
  readonly body: string
}

/** Sends an event as Svix does. */
async function deliver(
  url: string,
  { body, secret, signed }: { body: string; secret: string; signed: string },
): Promise<Answered> {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('there is no signing secret')
  const id = `msg_${randomBytes(20).toString('hex')}`
  const timestamp = Math.floor(Date.now() / 1_000)
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Svix-Webhooks/1.62.0',
      'svix-id': id,
      'svix-timestamp': `${timestamp}`,
      'svix-signature': sign(key, { id, timestamp, body: signed }),
    },
    body,
    redirect: 'manual',
  })
  return { status: response.status, body: await response.text() }
}

async function getPage(url: string, session?: string): Promise<Answered> {
  const headers = session === undefined ? {} : { authorization: `Bearer ${session}` }
  const response = await fetch(url, { headers, redirect: 'manual' })
  return { status: response.status, body: await response.text() }
}

const escapeAmpersands = (json: string) => json.replaceAll('&', String.raw`\u0026`)

function expectAnswer(what: string, answered: Answered, status: number, body: string): void {
  if (answered.status === status && answered.body === body) return
  throw new Error(`${what}: expected ${status} ${body}, but it was answered ${describe(answered)}`)
}

type Value = string | number | null | undefined

function expectSame(what: string, found: Value, expected: Value): void {
  if (found === expected) return
  throw new Error(`${what}: expected ${expected ?? 'none'}, but found ${found ?? 'none'}`)
}

const describe = ({ status, body }: Answered) => `${status} ${body.slice(0, 2_000)}`
