import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildSample } from '@clerk-sync/events/samples'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import type { EventType } from '@clerk-sync/events'
import type { Deployment } from './deployment.ts'

// Enough for every rate; other tests need the CPU.
const roundsEveryMs = 50

export interface Traffic {
  /** How many events have failed for good, or will. */
  readonly failing: () => number
  /** Resolves when nothing is sent any longer. */
  stop(): Promise<void>
}

/**
 * Sends rounds of what a deployment meets, one after the other, until it is stopped: events of
 * several types, late and repeated ones, a deletion, one that can never be applied, one that is
 * left out, a wrong signature and a body that is no event.
 */
export function startTraffic({ webhookUrl, secret }: Deployment): Traffic {
  const stopping = new AbortController()
  const stranger = createSigningSecret()
  let failing = 0
  // Sent again in every round: from the second on it is a duplicate.
  const repeated = createSvixId()

  const post = (event: unknown, svixId = createSvixId(), key = secret) =>
    deliver(webhookUrl, key, svixId, JSON.stringify(event))

  async function round(): Promise<void> {
    const now = Date.now()
    const user = buildSample('user.created')
    const id = String(user.data['id'])
    const broken = buildSample('user.updated')
    // Sent several times at once: all but the first come while that waits.
    const atOnce = createSvixId()
    const types: EventType[] = ['organization.created', 'organizationMembership.created']
    await post(user)
    await Promise.all([
      ...types.map((type) => post(buildSample(type))),
      post(user, repeated),
      ...[1, 2, 3].map(() => post(user, atOnce)),
      post(buildSample('user.updated', { id, now })),
      post(buildSample('user.updated', { id, now: now - 3_600_000 })),
      post({ ...broken, data: { ...broken.data, id: null } }),
      post(buildSample('session.created')),
      post(buildSample('user.created'), createSvixId(), stranger),
      post([1]),
    ])
    await post(buildSample('user.deleted', { id }))
    failing += 1
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round()
      await sleep(roundsEveryMs)
    }
  }
  const running = run()
  return {
    failing: () => failing,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function deliver(url: string, secret: string, id: string, body: string): Promise<void> {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no secret')
  const timestamp = Math.floor(Date.now() / 1000)
  const headers = {
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': String(timestamp),
    'svix-signature': sign(key, { id, timestamp, body }),
  }
  const response = await fetch(url, { method: 'POST', headers, body })
  await response.arrayBuffer()
}

function createSvixId(): string {
  return `msg_${randomBytes(15).toString('hex')}`
}
