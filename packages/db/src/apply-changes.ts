import { userEntity } from '@clerk-sync/events'
import type { Change, Entity, EntityChange, EntityRow } from '@clerk-sync/events'
import { cascadeDelete, cascadeDeleteRest } from './cascade-delete.ts'
import type { OwnedRows } from './cascade-delete.ts'
import type { Database, Transaction } from './database.ts'
import { DatabaseUnavailableError } from './database-error.ts'
import { decide, entityKey, isDeleted } from './decide.ts'
import type { Decision, ExistingState, Tombstones, Verdict } from './decide.ts'
import { emptiesLedger, personalIn } from './deletion-policy.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import { readHolders } from './holders.ts'
import { redactLedger, writeLedger } from './ledger.ts'
import type { LedgerEntry } from './ledger.ts'
import {
  lockTables,
  readLedgerAndTombstones,
  readRows,
  RowChangedError,
  writeRows,
} from './statements.ts'
import type { ReadRow } from './statements.ts'

/** How a deployment wants its data kept. */
export interface WriteRules {
  readonly deletionPolicy: DeletionPolicy
  /** Whether the ledger keeps the new values of changed columns besides their names. */
  readonly auditValues: boolean
}

/** What became of one change of a batch. */
export type ChangeResult = ({ ok: true } & Verdict) | { ok: false; error: unknown }

// A transaction must end long before its timeouts.
const childRowsAtOnce = 20_000

/**
 * Applies a batch; a change that can't be applied fails alone, whatever the reason. Finding it costs
 * a few smaller transactions: the batch is halved until the change stands by itself. So is a batch of
 * more than 20,000 child rows.
 *
 * @throws {DatabaseUnavailableError} when the database can't work now. Some of the batch may be
 * written; applying it again is harmless.
 */
export async function applyChanges(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<ChangeResult[]> {
  if (changes.length > 1 && childRowsIn(changes) > childRowsAtOnce) {
    return await applyHalves(db, changes, rules)
  }
  try {
    const verdicts = await applyBatch(db, changes, rules)
    return verdicts.map((verdict) =>
      verdict instanceof Error ? { ok: false, error: verdict } : { ok: true, ...verdict },
    )
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) throw error
    if (changes.length === 1) return [{ ok: false, error }]
    return await applyHalves(db, changes, rules)
  }
}

async function applyHalves(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<ChangeResult[]> {
  const middle = Math.ceil(changes.length / 2)
  const first = await applyChanges(db, changes.slice(0, middle), rules)
  return [...first, ...(await applyChanges(db, changes.slice(middle), rules))]
}

function childRowsIn(changes: readonly Change[]): number {
  let count = 0
  for (const change of changes) {
    if (change.kind !== 'upsert') continue
    for (const rows of Object.values(change.value.children)) count += rows.length
  }
  return count
}

/**
 * A key that changes of one row share; a change for the ledger alone has that of its event. Of two batches
 * at once that have a key in common, one is applied again.
 */
export function rowKeyOf(change: Change): string {
  return change.kind === 'none' ? change.event.id : `${change.entity.table} ${change.id}`
}

// Two workers rarely meet at one row; where they do it twice, the second waits for all others. Who writes
// by hand does not wait, and rarely does so twice.
const triesBesideOthers = 2
const mostTries = 4

/**
 * Applies a batch in one transaction of a few statements: entity rows, tombstones and ledger commit
 * together or not at all. Owned rows of a deleted owner beyond 10,000 follow in further transactions.
 * Returns one verdict per change, in order, as if the changes had been applied one after the other;
 * for one that can't be applied its error.
 *
 * @throws what the database answered; applying the batch again does no harm, whatever was written.
 */
export async function applyBatch(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<(Verdict | Error)[]> {
  let exclusive = changes.some((change) => change.kind === 'delete')
  for (let tries = 1; ; tries += 1) {
    try {
      const { verdicts, rest } = await db.transaction((tx) =>
        applyIn(tx, changes, rules, exclusive),
      )
      for (const owned of rest) await cascadeDeleteRest(db, owned, rules.deletionPolicy)
      return verdicts
    } catch (error) {
      const isChanged = error instanceof RowChangedError
      const isConflict =
        isChanged || (error instanceof DatabaseUnavailableError && error.isConflict)
      const needsLock = error instanceof NeedsExclusiveLock
      if (isChanged && tries === mostTries) {
        throw new Error('something else than clerk-sync writes to its tables', { cause: error })
      }
      if (exclusive ? !isChanged : !isConflict && !needsLock) throw error
      exclusive ||= needsLock || tries >= triesBesideOthers
    }
  }
}

/** The batch deletes something: it must be applied again with all other writers locked out. */
class NeedsExclusiveLock extends Error {}

/** What applyBatch would do now, without doing it. */
export async function previewBatch(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<(Verdict | Error)[]> {
  return db.transaction(async (tx) => {
    const existing = await lockAndRead(tx, changes, false)
    return decide(changes, existing, rules.deletionPolicy).verdicts
  })
}

/** Of these changes those whose entity is deleted, by itself or with its owner. */
export async function findDeleted(db: Database, changes: readonly Change[]): Promise<Set<Change>> {
  const { tombstones } = await db.transaction((tx) => readLedgerAndTombstones(tx, changes))
  return new Set(
    changes.filter((change) => change.kind !== 'none' && isDeleted(change, tombstones)),
  )
}

async function applyIn(
  tx: Transaction,
  changes: readonly Change[],
  rules: WriteRules,
  exclusive: boolean,
): Promise<{ verdicts: (Verdict | Error)[]; rest: readonly OwnedRows[] }> {
  const { deletionPolicy } = rules
  const existing = await lockAndRead(tx, changes, exclusive)
  const decision = decide(changes, existing, deletionPolicy)

  const { deletions, writes } = decision
  if (deletions.length > 0 && !exclusive) throw new NeedsExclusiveLock()
  const [verdicts] = await Promise.all([
    writeOutcomes(tx, changes, decision, rules),
    writeRows(tx, byEntity(writes)),
  ])
  if (deletions.length === 0) return { verdicts, rest: [] }
  const { ids, rest } = await cascadeDelete(tx, deletions, deletionPolicy)
  // Last, since the ledger entries of the batch itself may concern what it has deleted.
  if (emptiesLedger(deletionPolicy)) await redactLedger(tx, ids)
  return { verdicts, rest }
}

// One round trip.
async function lockAndRead(
  tx: Transaction,
  changes: readonly Change[],
  exclusive: boolean,
): Promise<ExistingState> {
  const [, holders, { events, tombstones }, { rows, children }] = await Promise.all([
    lockTables(tx, exclusive),
    readHolders(tx, changes),
    readLedgerAndTombstones(tx, changes),
    readRows(tx, byEntity(changes.filter(isOfRow))),
  ])
  return { events, tombstones: withDeletedRows(tombstones, rows), rows, children, holders }
}

// A tombstone keeps of some rows who had them.
function isOfRow(change: Change): change is EntityChange {
  return (
    change.kind === 'upsert' || (change.kind === 'delete' && change.entity.onePer !== undefined)
  )
}

// Rows that stay after a deletion outlive their tombstones.
function withDeletedRows(
  tombstones: Tombstones,
  rows: ReadonlyMap<string, ReadRow>,
): Map<string, number | null> {
  const deleted = [...rows].flatMap(([key, { deletedAt }]) =>
    deletedAt === null ? [] : [[key, deletedAt] as const],
  )
  return new Map([...deleted, ...tombstones])
}

async function writeOutcomes(
  tx: Transaction,
  changes: readonly Change[],
  decision: Decision,
  rules: WriteRules,
): Promise<(Verdict | Error)[]> {
  const entries = toLedgerEntries(changes, decision, rules)
  const added = await writeLedger(tx, entries)
  return decision.verdicts.map((verdict, index) => {
    const event = changes[index]?.event
    if (verdict instanceof Error || !event) return verdict
    return added.has(event.id) ? verdict : { outcome: 'duplicate' }
  })
}

// Events with all that the ledger keeps of them; of what is deleted the facts alone.
function toLedgerEntries(
  changes: readonly Change[],
  { verdicts, tombstones }: Decision,
  { deletionPolicy, auditValues }: WriteRules,
): LedgerEntry[] {
  return changes.flatMap((change, index): LedgerEntry[] => {
    const verdict = verdicts[index]
    const { event } = change
    if (!event || !verdict || verdict instanceof Error || verdict.outcome === 'duplicate') return []
    const { outcome, changed, value } = verdict
    if (emptiesLedger(deletionPolicy) && concernsDeleted(change, tombstones)) {
      const facts = { ...event, clientIp: undefined, userAgent: undefined }
      return [{ event: facts, outcome, changedColumns: changed, changedValues: undefined }]
    }
    const changedValues =
      auditValues && value && changed ? valuesOf(change, value, changed) : undefined
    return [{ event, outcome, changedColumns: changed, changedValues }]
  })
}

function concernsDeleted(change: Change, tombstones: Tombstones): boolean {
  const userId = change.event?.userId
  const isUserDeleted = userId !== undefined && tombstones.has(entityKey(userEntity, userId))
  return isUserDeleted || (change.kind !== 'none' && isDeleted(change, tombstones))
}

// Personal values are kept only with the id of their user, by which they are found after a deletion.
function valuesOf(change: Change, { row, children }: EntityRow, changed: readonly string[]) {
  const columns = change.kind === 'upsert' ? change.entity.columns : []
  const personal = personalIn(columns)
  const shown = change.event?.userId ? changed : changed.filter((name) => !personal.includes(name))
  return Object.fromEntries(shown.map((name) => [name, name in row ? row[name] : children[name]]))
}

// Tables in one order for every batch, so that two workers never wait for each other.
function byEntity<C extends { entity: Entity }>(changes: readonly C[]): Map<Entity, C[]> {
  const groups = [...Map.groupBy(changes, (change) => change.entity)]
  return new Map(groups.toSorted(([a], [b]) => (a.table < b.table ? -1 : 1)))
}
