import { fieldsOf, selectKept } from '@clerk-sync/events'
import type { Choice } from '@clerk-sync/events'
import type { Database, DeletionPolicy } from '@clerk-sync/db'

/** What the worker of a deployment keeps, and what a deletion does there. */
export interface DeploymentSettings {
  readonly deletionPolicy: DeletionPolicy
  readonly choice: Choice
}

export interface Deployment {
  /** Absent until a worker has run. */
  readonly settings: DeploymentSettings | undefined
  /** The Clerk instance that was read first. */
  readonly instanceId: string | undefined
  /** The fields, as SYNC_FIELDS names them, that are kept since rows were written without them. */
  readonly unfilled: readonly string[]
}

/**
 * Writes down how the worker writes, for whoever else writes to the tables. A field that is kept from
 * now on is unfilled until a backfill refills its table.
 */
export async function saveSettings(db: Database, settings: DeploymentSettings): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute('INSERT INTO clerk.deployment (id) VALUES (1) ON CONFLICT (id) DO NOTHING')
    const [before] = await tx.query<{ settings: DeploymentSettings | null; unfilled: string[] }>(
      'SELECT settings, unfilled FROM clerk.deployment FOR UPDATE',
    )
    const kept = fieldsKept(settings.choice)
    const known = before?.settings ? fieldsKept(before.settings.choice) : kept
    const tables = new Set(Array.from(known, tableOf))
    const unfilled = [...kept].filter(
      (field) =>
        before?.unfilled.includes(field) || (tables.has(tableOf(field)) && !known.has(field)),
    )
    await tx.execute(
      'UPDATE clerk.deployment SET settings = $1::jsonb, unfilled = $2::text[]',
      JSON.stringify(settings),
      unfilled,
    )
  })
}

function fieldsKept(choice: Choice): Set<string> {
  const chosen = new Set(choice.fields)
  const all = selectKept(choice).entities.flatMap(fieldsOf)
  return new Set(
    all
      .filter(({ name, optional }) => (optional ? chosen.has(name) : !chosen.has(`-${name}`)))
      .map(({ name }) => name),
  )
}

const tableOf = (field: string) => field.slice(0, field.indexOf('.'))

/** Writes down whose data this is, once. */
export async function saveInstanceId(db: Database, instanceId: string): Promise<void> {
  await db.transaction((tx) =>
    tx.execute(
      `INSERT INTO clerk.deployment AS known (id, instance_id) VALUES (1, $1)
       ON CONFLICT (id) DO UPDATE SET instance_id = coalesce(known.instance_id, $1)`,
      instanceId,
    ),
  )
}

export async function readDeployment(db: Database): Promise<Deployment> {
  const [row] = await db.transaction((tx) =>
    tx.query<{
      settings: DeploymentSettings | null
      instance_id: string | null
      unfilled: string[]
    }>('SELECT settings, instance_id, unfilled FROM clerk.deployment'),
  )
  return {
    settings: row?.settings ?? undefined,
    instanceId: row?.instance_id ?? undefined,
    unfilled: row?.unfilled ?? [],
  }
}
