import type { DeletionPolicy } from '@clerk-sync/db'
import { everything, selectKept } from '@clerk-sync/events'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { WorkerConfig } from '@clerk-sync/worker'
import { openChain, outcomesOf, until, untilState } from './chain.ts'
import type { Backend, Chain, RunningIngest } from './chain.ts'
import type { Person, PersonEvent } from './person.ts'
import type { SentEvent } from './send.ts'

const kept = selectKept(everything)
const anHourMs = 3_600_000

/** A deployment that keeps every entity and field, until the end of the test. */
export interface Scene {
  chain: Chain
  ingest: RunningIngest
  opened: OpenQueue
  /** Sends all at once and waits for their outcomes. */
  readonly send: (events: readonly PersonEvent[]) => Promise<SentEvent[]>
}

export async function openScene(
  backend: Backend,
  deletionPolicy: DeletionPolicy,
  workers: Partial<WorkerConfig>[] = [{}],
): Promise<Scene> {
  const { chain, opened } = await openChain(backend)
  const ingest = await chain.startIngest({ kept })
  const rules = { kept, deletionPolicy, auditValues: true }
  await Promise.all(workers.map((changes) => chain.startWorker({ ...rules, ...changes })))
  return {
    chain,
    ingest,
    opened,
    async send(events) {
      const sent = await Promise.all(events.map((event) => ingest.send(event)))
      await outcomesOf(chain, sent)
      return sent
    },
  }
}

/** An event that failed for good. */
export async function failOne({ ingest, opened }: Scene, person: Person): Promise<SentEvent> {
  const data = { id: null, latest_activity: { city: person.keep('failed-city') } }
  const sent = await ingest.send(person.build('session.ended', { id: person.userId, data }))
  await untilState(opened, sent, 'failed')
  return sent
}

/** An event that waits for its next attempt, for longer than the test takes. */
export async function delayOne(
  { chain, ingest, opened }: Scene,
  person: Person,
): Promise<SentEvent> {
  await chain.db.query(`
    ALTER TABLE clerk.users ADD CONSTRAINT refused
    CHECK (id <> '${person.userId}' OR last_name NOT LIKE 'delayed-%') NOT VALID`)
  const data = { last_name: person.keep('delayed-last-name') }
  const sent = await ingest.send(person.build('user.updated', { id: person.userId, data }))
  await until(async () => {
    const job = await bullQueueOf(opened).getJob(sent.svixId)
    return job?.changeDelay(anHourMs).then(
      () => true as const,
      () => undefined,
    )
  })
  return sent
}
