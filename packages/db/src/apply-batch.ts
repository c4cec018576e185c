import type { Entity } from '@clerk-sync/events'
import { cascadeDelete, cascadeDeleteRest } from './cascade-delete.ts'
import type { OwnedRows } from './cascade-delete.ts'
import type { Change } from './change.ts'
import type { Database } from './database.ts'
import { DatabaseUnavailableError } from './database-error.ts'
import { entityKey } from './deleted.ts'
import { decide } from './decide.ts'
import type { Decision, Verdict, Write } from './decide.ts'
import type { DeletionPolicy } from './deletion-policy.ts'
import { toLedgerEntries } from './ledger-entries.ts'
import { lockTables } from './statements/lock.ts'
import { readExistingState } from './statements/read-existing-state.ts'
import { readRows } from './statements/read-rows.ts'
import type { ReadRow } from './statements/read-rows.ts'
import { redactLedger } from './statements/redact-ledger.ts'
import { replaceChildren } from './statements/replace-children.ts'
import { upsertRows } from './statements/upsert-rows.ts'
import { writeLedger } from './statements/write-ledger.ts'
import type { Transaction } from './transaction.ts'

/** How a deployment wants its data kept. */
export interface WriteRules {
  readonly deletionPolicy: DeletionPolicy
  /** Whether the ledger keeps the new values of changed columns besides their names. */
  readonly auditValues: boolean
}

/** The batch must be applied again with the tables alone: another worker, or an owner that is gone. */
class NeedsTablesAlone extends Error {}

/**
 * Applies a batch in one transaction of a few statements: entity rows, tombstones and ledger commit
 * together or not at all. What goes with a deleted owner beyond 10,000 rows follows in further ones.
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
  const { verdicts, left } = await applyTogether(db, changes, rules)
  for (const belongings of left) await cascadeDeleteRest(db, belongings, rules.deletionPolicy)
  return verdicts
}

async function applyTogether(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<Applied> {
  const apply = (alone: boolean) => db.transaction((tx) => applyIn(tx, changes, rules, alone))
  const deletes = changes.some((change) => change.kind === 'delete')
  try {
    return await apply(deletes)
  } catch (error) {
    if (!(error instanceof NeedsTablesAlone) && !isDeadlock(error)) throw error
    return await apply(true)
  }
}

interface Applied {
  readonly verdicts: (Verdict | Error)[]
  readonly left: readonly OwnedRows[]
}

// A row that was not there to be locked may be written by another worker that waits for this one.
function isDeadlock(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError && error.sqlState === '40P01'
}

/** What applyBatch would do now, without doing it. */
export async function previewBatch(
  db: Database,
  changes: readonly Change[],
  rules: WriteRules,
): Promise<(Verdict | Error)[]> {
  return db.transaction(async (tx) => {
    await lockTables(tx, false)
    const known = await readKnown(tx, changes)
    return decide(changes, known, rules.deletionPolicy).verdicts
  })
}

async function readKnown(tx: Transaction, changes: readonly Change[]) {
  const touched = byEntity(changes.filter((change) => change.kind === 'upsert'))
  const marks = await readExistingState(tx, changes, touched)
  const rows = await readRows(tx, touched)
  return { ...marks, tombstones: withDeleted(marks.tombstones, rows), rows }
}

async function applyIn(
  tx: Transaction,
  changes: readonly Change[],
  rules: WriteRules,
  alone: boolean,
): Promise<Applied> {
  await lockTables(tx, alone)
  const known = await readKnown(tx, changes)
  const decision = decide(changes, known, rules.deletionPolicy)

  const { deaths, writes } = decision
  if (deaths.length > 0 && !alone) throw new NeedsTablesAlone()
  const { gone, left } =
    deaths.length > 0
      ? await cascadeDelete(tx, deaths, rules.deletionPolicy)
      : { gone: [], left: [] }
  const isAsDecided = await writeRows(tx, writes, known.rows)
  // Another worker wrote a row that was not there to be locked.
  if (!isAsDecided && !alone) throw new NeedsTablesAlone()
  if (!isAsDecided) throw new Error('something else than clerk-sync writes to its tables')
  const verdicts = await writeOutcomes(tx, changes, decision, rules)
  // Last, since the batch itself may tell the ledger of what it has buried.
  if (rules.deletionPolicy !== 'retain') await redactLedger(tx, gone)
  return { verdicts, left }
}

// Rows that stay after a deletion outlive their tombstones.
function withDeleted(
  tombstones: ReadonlyMap<string, number | null>,
  rows: ReadonlyMap<string, ReadRow>,
): Map<string, number | null> {
  const dead = [...rows].flatMap(([key, { deletedAt }]) =>
    deletedAt === null ? [] : [[key, deletedAt] as const],
  )
  return new Map([...dead, ...tombstones])
}

/** Says whether every row was written, and was new where none was known. */
async function writeRows(
  tx: Transaction,
  writes: readonly Write[],
  known: ReadonlyMap<string, ReadRow>,
): Promise<boolean> {
  for (const [entity, some] of byEntity(writes)) {
    const written = await upsertRows(tx, entity, some)
    const isAsDecided = some.every(
      ({ id }) => written.get(id) === !known.has(entityKey(entity, id)),
    )
    if (!isAsDecided) return false
    for (const child of entity.children) {
      if (!child.off) await replaceChildren(tx, child, some)
    }
  }
  return true
}

async function writeOutcomes(
  tx: Transaction,
  changes: readonly Change[],
  decision: Decision,
  rules: WriteRules,
): Promise<(Verdict | Error)[]> {
  const entries = toLedgerEntries(changes, decision, rules)
  const added = entries.length > 0 ? await writeLedger(tx, entries) : new Set<string>()
  return decision.verdicts.map((verdict, index) => {
    const event = changes[index]?.event
    if (verdict instanceof Error || event?.isRecorded === false) return verdict
    return added.has(event?.id ?? '') ? verdict : { outcome: 'duplicate' }
  })
}

// Tables in one order for every batch, so that two workers never wait for each other.
function byEntity<C extends { entity: Entity }>(changes: readonly C[]): Map<Entity, C[]> {
  const groups = [...Map.groupBy(changes, (change) => change.entity)]
  return new Map(groups.toSorted(([a], [b]) => (a.table < b.table ? -1 : 1)))
}
