import { everything, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { officialTypes } from '@clerk-sync/events/official-catalogue'
import { describe, expect, test } from 'vitest'
import { exampleOf, expectedOf, freshExample, rowsOf } from './catalogue-examples.ts'
import type { Example } from './catalogue-examples.ts'
import { openChain, outcomesOf, untilEmpty } from './chain.ts'
import { dumpAll, search } from './dump.ts'

const kept = selectKept(everything)
const sessionTypes = officialTypes.filter((type) => type.startsWith('session.'))

/** Strings of the examples that could betray them: ids, addresses, names of places and machines. */
function textsIn(examples: readonly Example[]): string[] {
  const texts = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value === 'string' && value.length > 8) texts.add(value)
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit)
  }
  for (const { data } of examples) visit(data)
  return [...texts]
}

test('with the defaults sessions leave no trace in queue, tables, ledger or log', async () => {
  const { chain, opened } = await openChain('redis')
  const ingest = await chain.startIngest()
  const examples = sessionTypes.map((type) => freshExample(type))
  const sent = await Promise.all(examples.map((event) => ingest.send(event)))
  expect(sent.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])

  // Nothing has taken them out of the queue yet.
  expect(search(await dumpAll(chain, opened), textsIn(examples))).toEqual([])
  await chain.startWorker()
  await outcomesOf(chain, [await ingest.send(buildSample('user.created'))])
  await untilEmpty(opened)
  const { database, redis, log } = await dumpAll(chain, opened)
  expect(search({ database, redis, log }, textsIn(examples))).toEqual([])
  const svixIds = sent.map(({ svixId }) => svixId)
  expect(search({ database, redis, log: '' }, svixIds)).toEqual([])
})

describe('what "Send Example" sends', () => {
  test('leaves no trace where CLERK_INSTANCE_ID names another instance', async () => {
    const { chain, opened } = await openChain('redis')
    const ingest = await chain.startIngest({ instanceId: 'ins_real', kept })
    await chain.startWorker({ kept })
    const examples = officialTypes.map((type) => freshExample(type))
    const sent = await Promise.all(examples.map((event) => ingest.send(event)))
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([200]))
    const real = { ...buildSample('user.created'), instance_id: 'ins_real' }
    await outcomesOf(chain, [await ingest.send(real)])
    await untilEmpty(opened)

    const dump = await dumpAll(chain, opened)
    expect(search(dump, [String(real.data['id'])])).not.toEqual([])
    const ids = examples.map(({ data }) => data.id)
    expect(search(dump, ids)).toEqual([])
    const svixIds = sent.map(({ svixId }) => svixId)
    expect(search({ ...dump, log: '' }, svixIds)).toEqual([])
  })

  test('does no harm to real rows where it does not', async () => {
    const { chain } = await openChain('redis')
    const ingest = await chain.startIngest({ kept })
    await chain.startWorker({ kept })
    const real = [
      buildSample('user.created'),
      buildSample('session.created'),
      buildSample('organization.created'),
      buildSample('organizationMembership.created'),
      buildSample('organizationInvitation.accepted'),
      buildSample('organizationDomain.created'),
      buildSample('role.created'),
      buildSample('permission.created'),
      buildSample('waitlistEntry.created'),
      buildSample('subscription.created'),
      buildSample('subscriptionItem.created'),
      buildSample('paymentAttempt.created'),
    ]
    const readReal = () =>
      Promise.all(
        real.map(async ({ type, data }) => {
          const id = String(data['id'])
          const rows = await rowsOf(chain, expectedOf(type, data)?.table ?? '', 'id', id)
          expect(rows).toHaveLength(1)
          return rows
        }),
      )
    const told = await Promise.all(real.map((event) => ingest.send(event)))
    expect(new Set(await outcomesOf(chain, told))).toEqual(new Set(['applied']))
    const before = await readReal()

    for (let round = 0; round < 2; round += 1) {
      const sent = await Promise.all(officialTypes.map((type) => ingest.send(exampleOf(type))))
      await outcomesOf(chain, sent)
    }
    expect(await readReal()).toEqual(before)
  })
})
