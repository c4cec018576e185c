import { buildSample } from '@clerk-sync/events/samples'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { describe, expect, test } from 'vitest'
import { backends, untilState } from './chain.ts'
import { openScene } from './scene.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

describe.each(backends)('on %s', (backend) => {
  test.each(['erase', 'anonymize'] as const)(
    'with %s a failed event of a deleted user leaves the queue for the ledger',
    async (policy) => {
      const { chain, ingest, opened, send } = await openScene(backend, policy)
      const session = buildSample('session.created')
      const userId = String(session.data['user_id'])
      // Found by the fuzzer: an event without a data.id fails for good, and its user is deleted.
      const data = { ...session.data, id: { nested: session.data['id'] } }
      const failed = await ingest.send({ ...session, data })
      await untilState(opened, failed, 'failed')
      const other = await ingest.send({
        ...session,
        data: { ...data, user_id: 'user_2abcdefghijklmnopqrstuvwxyz' },
      })
      await untilState(opened, other, 'failed')

      await send([buildSample('user.deleted', { id: userId })])
      await untilState(opened, failed, 'unknown')

      const ids = [failed.svixId, other.svixId]
      const rows = await prismaOf(chain.db).webhookEvent.findMany({ where: { id: { in: ids } } })
      expect(rows).toMatchObject([
        {
          id: failed.svixId,
          type: 'session.created',
          outcome: 'stale',
          entity_id: null,
          user_id: userId,
          client_ip: null,
          user_agent: null,
        },
      ])
      expect(await bullQueueOf(opened).getJobState(other.svixId)).toBe('failed')
    },
    60_000,
  )
})
