import { buildSample } from '@clerk-sync/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends, createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let ingest: RunningIngest
  beforeAll(async () => {
    chain = await createChain(backend)
    ingest = await chain.startIngest()
    await chain.startWorker()
  })
  afterAll(() => chain.close())

  test.each(['user.created', 'user.updated'] as const)('%s becomes a user with addresses', async (type) => {
    const event = buildSample(type)
    const sent = await ingest.send(event)
    expect(sent).toMatchObject({ status: 200, body: { received: true } })
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])

    const data = event.data as Record<string, never>
    const row = await chain.db.prisma.user.findUniqueOrThrow({ where: { id: data['id'] ?? '' } })
    expect(row).toMatchObject({
      first_name: data['first_name'],
      last_name: data['last_name'],
      public_metadata: data['public_metadata'],
      private_metadata: null,
      primary_phone_number: null,
      event_id: sent.svixId,
    })
    expect(row.updated_at.getTime()).toBe(data['updated_at'])
    const [address] = data['email_addresses'] as unknown as [{ id: string; email_address: string }]
    expect(row.primary_email_address).toBe(address.email_address)
    expect(await chain.db.prisma.emailAddress.findMany({ where: { user_id: row.id } })).toEqual([
      {
        id: address.id,
        user_id: row.id,
        email_address: address.email_address,
        verified: true,
        is_primary: true,
      },
    ])
  })
})
