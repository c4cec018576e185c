import type { EntityRow } from '@clerk-sync/events'
import type { WriteRules } from './apply-batch.ts'
import type { Change, LedgerEvent } from './change.ts'
import { entityKey, isDeleted } from './deleted.ts'
import type { Decision } from './decide.ts'
import type { LedgerEntry } from './statements/write-ledger.ts'

/** What the ledger is told of a batch: facts for all, the rest only of those who are not gone. */
export function toLedgerEntries(
  changes: readonly Change[],
  { verdicts, tombstones }: Decision,
  { deletionPolicy, auditValues }: WriteRules,
): LedgerEntry[] {
  const isRedacted = (change: Change) =>
    deletionPolicy !== 'retain' &&
    (isUserDeleted(change.event, tombstones) ||
      (change.kind !== 'none' && isDeleted(change, tombstones)))

  return changes.flatMap((change, index): LedgerEntry[] => {
    const verdict = verdicts[index]
    if (change.event.isRecorded === false) return []
    if (verdict === undefined || verdict instanceof Error || verdict.outcome === 'duplicate') {
      return []
    }
    const { outcome, changed, value } = verdict
    if (isRedacted(change)) {
      const event = { ...change.event, clientIp: undefined, userAgent: undefined }
      return [{ event, outcome, changedColumns: changed, changedValues: undefined }]
    }
    const changedValues =
      auditValues && value && changed ? valuesOf(change, value, changed) : undefined
    return [{ event: change.event, outcome, changedColumns: changed, changedValues }]
  })
}

function isUserDeleted({ userId }: LedgerEvent, tombstones: Decision['tombstones']): boolean {
  return userId !== undefined && tombstones.has(entityKey({ name: 'user' }, userId))
}

// What tells of a person is kept only with their id, by which it is found when they are gone.
function valuesOf(change: Change, { row, children }: EntityRow, changed: readonly string[]) {
  const columns = change.kind === 'upsert' ? change.entity.columns : []
  const personal = columns.filter((column) => column.personal).map(({ name }) => name)
  const shown = change.event.userId ? changed : changed.filter((name) => !personal.includes(name))
  return Object.fromEntries(shown.map((name) => [name, name in row ? row[name] : children[name]]))
}
