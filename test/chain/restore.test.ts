import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { migrate } from '@clerk-sync/db/migrate'
import { prismaOf } from '@clerk-sync/db/prisma'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { openQueue, replayFailed } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { childEnvironment } from '@clerk-sync/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createChain, outcomesOf, until, untilDone, untilEmpty } from './chain.ts'
import type { Chain } from './chain.ts'
import { backUp, lose, restore } from './database-backup.ts'
import type { SentEvent } from './send.ts'

const commands = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const anHourMs = 3_600_000

type Told = SentEvent & { readonly event: unknown }

// What changed in Clerk within the last minute is no drift yet: all of it happened an hour ago.
async function createClerk(): Promise<FakeClerk> {
  let now = Date.now() - anHourMs
  const fake = await createFakeClerk({ now: () => (now += 1_000) })
  onTestFinished(() => fake.close())
  return fake
}

async function createDeployment(fake: FakeClerk) {
  const chain = await createChain('redis')
  onTestFinished(() => chain.close())
  const opened = openQueue(chain.queue, { onError: () => undefined })
  onTestFinished(() => opened.close())
  const ingest = await chain.startIngest()

  const env = {
    DATABASE_URL: chain.databaseUrl,
    CLERK_SECRET_KEY: fake.secretKey,
    CLERK_API_URL: fake.url,
  }
  const told: Promise<Told>[] = []
  const deliver = async (event: unknown, svixId?: string): Promise<Told> => {
    const sent = await ingest.send(event, svixId === undefined ? {} : { svixId })
    expect(sent.status).toBe(200)
    return { ...sent, event }
  }
  fake.world.onEvent((event) => void told.push(deliver(event)))
  return {
    chain,
    opened,
    /** Makes changes in Clerk and resolves when ingest has taken all their events. */
    tell: (change: () => void): Promise<Told[]> => {
      change()
      return Promise.all(told.splice(0))
    },
    /** Delivers events once more, as Svix does. */
    tellAgain: (events: readonly Told[]) =>
      Promise.all(events.map(({ event, svixId }) => deliver(event, svixId))),
    /** Runs `clerk-sync reconcile`. Returns how much drift is left. */
    reconcile: async (...options: string[]): Promise<number> => {
      const args = [commands, 'reconcile', '--json', '--rate', '0', ...options]
      const { promise, resolve } = Promise.withResolvers<string>()
      execFile(process.execPath, args, { env: childEnvironment(env) }, (_, stdout) =>
        resolve(stdout),
      )
      return (JSON.parse(await promise) as { drift: number }).drift
    },
  }
}

/** Runs the retries of an event at once, until it is in the failed set. */
async function failForGood(opened: OpenQueue, [sent]: readonly SentEvent[]): Promise<void> {
  await until(async () => {
    const job = await bullQueueOf(opened).getJob(sent?.svixId ?? '')
    if ((await job?.getState()) === 'delayed') await job?.promote().catch(() => undefined)
    return (await job?.getState()) === 'failed' ? true : undefined
  })
}

/** Who has a row, by name, and who is a member. */
async function readHere({ db }: Chain) {
  const users = await prismaOf(db).user.findMany()
  const memberships = await prismaOf(db).organizationMembership.findMany()
  return {
    names: users.map(({ first_name }) => first_name ?? '').toSorted(),
    members: memberships.map(({ user_id }) => user_id ?? '').toSorted(),
  }
}

/** The same as Clerk has it. */
async function readThere({ url, secretKey }: FakeClerk) {
  const headers = { authorization: `Bearer ${secretKey}` }
  const read = async (list: string) =>
    (await fetch(`${url}/v1/${list}?limit=100`, { headers })).json()
  const users = (await read('users')) as { first_name: string }[]
  const memberships = (await read('organization_memberships')) as {
    data: { public_user_data: { user_id: string } }[]
  }
  return {
    names: users.map(({ first_name }) => first_name).toSorted(),
    members: memberships.data.map((one) => one.public_user_data.user_id).toSorted(),
  }
}

async function readTombstones({ db }: Chain): Promise<string[]> {
  const tombstones = await prismaOf(db).tombstone.findMany({ where: { entity: 'user' } })
  return tombstones.map(({ id }) => id).toSorted()
}

test('a database restored from a backup as the runbook says ends equal to Clerk', async () => {
  const fake = await createClerk()
  const { world } = fake
  const deployment = await createDeployment(fake)
  const { chain, opened, tell, tellAgain } = deployment
  const ids: Record<string, string> = {}
  const idsOf = (...names: string[]) => names.map((name) => ids[name] ?? '').toSorted()
  const create = (name: string) => {
    const { id } = world.createUser({ first_name: name })
    ids[name] = id
    world.createMembership({ organization_id: ids['organization'], user_id: id })
  }
  const rename = (name: string, to: string) => world.updateUser(ids[name] ?? '', { first_name: to })
  const remove = (name: string) => world.deleteUser(ids[name] ?? '')

  const firstWorker = await chain.startWorker()
  const known = await tell(() => {
    ids['organization'] = world.createOrganization().id
    for (const name of ['Ada', 'Bob', 'Cleo', 'Dan', 'Eve']) create(name)
  })
  await outcomesOf(chain, known)
  const backup = await backUp(chain)

  // The backup knows nothing of this: Ada and Bob go, Fay comes, Gus comes and goes.
  const ofAda = await tell(() => rename('Ada', 'Ada before she left'))
  const ofGus = await tell(() => create('Gus'))
  const renamesOfGus = await tell(() => rename('Gus', 'Gus before he left'))
  const others = await tell(() => {
    create('Fay')
    rename('Cleo', 'Cleo since the backup')
    for (const name of ['Ada', 'Bob', 'Gus']) remove(name)
  })
  await outcomesOf(chain, [...ofAda, ...ofGus, ...renamesOfGus, ...others])
  expect(await readTombstones(chain)).toEqual(idsOf('Ada', 'Bob', 'Gus'))
  await chain.db.query(
    `ALTER TABLE clerk.users ADD CONSTRAINT refused CHECK (first_name <> 'Dan refused')`,
  )
  const ofDan = await tell(() => rename('Dan', 'Dan refused'))
  await failForGood(opened, ofDan)

  await lose(chain)
  const waiting = await tell(() => {
    rename('Eve', 'Eve during the outage')
    create('Hal')
  })
  await tellAgain(known)

  // 1 to 3.
  await firstWorker.close()
  await restore(chain, backup)
  await migrate(chain.databaseUrl)
  const worker = await chain.startWorker()
  expect(new Set(await outcomesOf(chain, waiting))).toEqual(new Set(['applied']))
  await untilDone(opened, known)
  expect(await worker.count('clerk_sync_worker_events_total', { outcome: 'duplicate' })).toBe(
    known.length,
  )
  expect(await readTombstones(chain)).toEqual([])

  // 4.
  expect(await replayFailed(opened, {})).toMatchObject({ matched: 1, replayed: 1 })
  expect(await outcomesOf(chain, ofDan)).toEqual(['applied'])
  await untilEmpty(opened)
  const sinceReplay = ['Ada', 'Bob', 'Cleo', 'Dan refused', 'Eve during the outage', 'Hal']
  expect((await readHere(chain)).names).toEqual(sinceReplay)

  // 5. Two users are more than 1 %: nothing is written.
  expect(await deployment.reconcile('--repair')).toBeGreaterThan(2)
  expect((await readHere(chain)).names).toEqual(sinceReplay)
  expect(await deployment.reconcile('--repair', '--max-deletes', '2')).toBe(0)
  expect(await readHere(chain)).toEqual(await readThere(fake))
  expect(await readTombstones(chain)).toEqual(idsOf('Ada', 'Bob'))

  // What Svix still retries: of Ada there is a tombstone again, of Gus the tables know nothing.
  expect(await outcomesOf(chain, await tellAgain(ofAda))).toEqual(['stale'])
  expect(await outcomesOf(chain, await tellAgain(ofGus))).toEqual(['applied', 'applied'])
  expect((await readHere(chain)).names).toContain('Gus')

  // 6.
  expect(await deployment.reconcile('--repair')).toBe(0)
  expect(await readTombstones(chain)).toEqual(idsOf('Ada', 'Bob', 'Gus'))
  expect(await outcomesOf(chain, await tellAgain(renamesOfGus))).toEqual(['stale'])
  expect(await deployment.reconcile()).toBe(0)
  expect(await readHere(chain)).toEqual(await readThere(fake))
}, 60_000)
