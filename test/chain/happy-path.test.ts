import { buildSample } from '@clerk-sync/events/samples'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { backends, createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

type Data = Record<string, never>

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let ingest: RunningIngest
  beforeAll(async () => {
    chain = await createChain(backend)
    ingest = await chain.startIngest()
    await chain.startWorker()
  })
  afterAll(() => chain.close())

  test.each(['user.created', 'user.updated'] as const)(
    '%s writes the user and the addresses',
    async (type) => {
      const event = buildSample(type)
      const sent = await ingest.send(event)
      expect(sent).toMatchObject({ status: 200, body: { received: true } })
      expect(await outcomesOf(chain, [sent])).toEqual(['applied'])

      const data = event.data as Data
      const row = await prismaOf(chain.db).user.findUniqueOrThrow({
        where: { id: data['id'] ?? '' },
      })
      expect(row).toMatchObject({
        first_name: data['first_name'],
        last_name: data['last_name'],
        image_url: data['image_url'],
        public_metadata: data['public_metadata'],
        unsafe_metadata: data['unsafe_metadata'],
        banned: false,
        created_at: new Date(data['created_at'] ?? 0),
        updated_at: new Date(data['updated_at'] ?? 0),
        deleted_at: null,
        event_occurred_at: new Date(event.timestamp),
        event_id: sent.svixId,
      })
      const [address] = data['email_addresses'] as unknown as [
        { id: string; email_address: string },
      ]
      expect(row.primary_email_address).toBe(address.email_address)
      expect(
        await prismaOf(chain.db).emailAddress.findMany({ where: { user_id: row.id } }),
      ).toEqual([
        {
          id: address.id,
          user_id: row.id,
          email_address: address.email_address,
          verified: true,
          is_primary: true,
        },
      ])
    },
  )

  // As the two come from a user that an identity provider removes by SCIM.
  const provisioned = `{"type":"user.created","object":"event","timestamp":1795885963000,"data":{"id":"user_scim","banned":false,"locked":false,"deprovisioned":false,"updated_at":1795885963000}}`
  const deprovisioned = `{"type":"user.updated","object":"event","timestamp":1795885964000,"data":{"id":"user_scim","banned":false,"locked":false,"deprovisioned":true,"updated_at":1795885964000}}`

  test('users.deprovisioned follows what SCIM does', async () => {
    const read = () =>
      prismaOf(chain.db).user.findUniqueOrThrow({
        where: { id: 'user_scim' },
        select: { banned: true, locked: true, deprovisioned: true },
      })
    for (const [body, expected] of [
      [provisioned, false],
      [deprovisioned, true],
    ] as const) {
      const sent = await ingest.send(body)
      expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
      expect(await read()).toEqual({ banned: false, locked: false, deprovisioned: expected })
    }
    // Svix may deliver the first one again, and later.
    const late = await ingest.send(provisioned)
    expect(await outcomesOf(chain, [late])).toEqual(['stale'])
    expect(await read()).toMatchObject({ deprovisioned: true })
  })

  test('fields that are switched off stay null and never enter the queue', async () => {
    const { data, ...event } = buildSample('user.created')
    const secrets = {
      private_metadata: { ssn: 'sentinel-ssn' },
      last_sign_in_at: 1_700_000_000_000,
      primary_phone_number_id: 'idn_phone',
      phone_numbers: [{ id: 'idn_phone', phone_number: '+15555550100' }],
    }
    // Without a worker the job stays where it can be read.
    const quiet = await createChain(backend)
    onTestFinished(() => quiet.close())
    const edge = await quiet.startIngest()
    const sent = await edge.send({ ...event, data: { ...data, ...secrets } })
    const job = JSON.stringify(await quiet.readJob(sent.svixId))
    expect(job).toContain(String(data['first_name']))
    expect(job).not.toMatch(/sentinel-ssn|15555550100|1700000000000|client_ip|203\.0\.113/)

    await quiet.startWorker()
    await outcomesOf(quiet, [sent])
    const row = await prismaOf(quiet.db).user.findUniqueOrThrow({
      where: { id: String(data['id']) },
    })
    expect(row).toMatchObject({
      private_metadata: null,
      last_sign_in_at: null,
      primary_phone_number: null,
    })
    expect(await prismaOf(quiet.db).phoneNumber.count()).toBe(0)
  })

  test.each(['organization.created', 'organization.updated'] as const)(
    '%s writes the organization',
    async (type) => {
      const event = buildSample(type)
      const sent = await ingest.send(event)
      expect(await outcomesOf(chain, [sent])).toEqual(['applied'])

      const data = event.data as Data
      const row = await prismaOf(chain.db).organization.findUniqueOrThrow({
        where: { id: data['id'] ?? '' },
      })
      expect(row).toMatchObject({
        name: data['name'],
        slug: data['slug'],
        created_by: data['created_by'],
        public_metadata: data['public_metadata'],
        updated_at: new Date(data['updated_at'] ?? 0),
        event_id: sent.svixId,
      })
    },
  )

  test.each(['organizationMembership.created', 'organizationMembership.updated'] as const)(
    '%s writes the membership, also when its organization and user are not there yet',
    async (type) => {
      const event = buildSample(type)
      const sent = await ingest.send(event)
      expect(await outcomesOf(chain, [sent])).toEqual(['applied'])

      const data = event.data as Data
      const id = String(data['id'])
      const row = await prismaOf(chain.db).organizationMembership.findUniqueOrThrow({
        where: { id },
      })
      expect(row).toMatchObject({
        organization_id: data['organization']?.['id'],
        user_id: data['public_user_data']?.['user_id'],
        role: data['role'],
        event_id: sent.svixId,
      })
    },
  )

  test.each([
    ['user', 'user.created', 'user.deleted'],
    ['organization', 'organization.created', 'organization.deleted'],
    ['organizationMembership', 'organizationMembership.created', 'organizationMembership.deleted'],
  ] as const)(
    '%s.deleted removes the row and leaves a tombstone',
    async (model, created, deleted) => {
      const event = buildSample(created)
      const id = String(event.data['id'])
      await outcomesOf(chain, [await ingest.send(event)])
      const gone = buildSample(deleted, { id })
      const sent = await ingest.send(gone)
      expect(await outcomesOf(chain, [sent])).toEqual(['deleted'])

      const rows = prismaOf(chain.db)[model] as { findUnique(query: object): Promise<unknown> }
      expect(await rows.findUnique({ where: { id } })).toBeNull()
      expect(await prismaOf(chain.db).emailAddress.findMany({ where: { user_id: id } })).toEqual([])
      const [tombstone] = await prismaOf(chain.db).tombstone.findMany({ where: { id } })
      expect(tombstone?.deleted_at).toEqual(new Date(gone.timestamp))
    },
  )

  test('messages are recorded as ignored, with their bodies left behind', async () => {
    const types = ['email.created', 'sms.created'] as const
    const quiet = await createChain(backend)
    onTestFinished(() => quiet.close())
    const edge = await quiet.startIngest()
    const sent = await Promise.all(types.map((type) => edge.send(buildSample(type))))
    for (const { svixId } of sent) {
      expect(Object.keys((await quiet.readJob(svixId)) as object)).not.toContain('data')
    }
    await quiet.startWorker()
    expect(await outcomesOf(quiet, sent)).toEqual(['ignored', 'ignored'])
  })

  test('a type that nobody knows yet is recorded as ignored', async () => {
    const sent = await ingest.send({
      type: 'galaxy.created',
      data: { id: 'gal_1' },
      object: 'event',
    })
    expect(sent.status).toBe(200)
    expect(await outcomesOf(chain, [sent])).toEqual(['ignored'])
  })

  test('NUL and lone surrogates are replaced and the event applies', async () => {
    const { data, ...event } = buildSample('user.created')
    const broken = { ...data, first_name: 'A\0da', unsafe_metadata: { 'k\0': ['\ud83d', 'ok 👩'] } }
    const sent = await ingest.send({ ...event, data: broken })
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
    const row = await prismaOf(chain.db).user.findUniqueOrThrow({
      where: { id: String(data['id']) },
    })
    expect(row.first_name).toBe('A\uFFFDda')
    expect(row.unsafe_metadata).toEqual({ 'k\uFFFD': ['\uFFFD', 'ok 👩'] })
  })
})
