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
}

/** Writes down how the worker writes, for whoever else writes to the tables. */
export async function saveSettings(db: Database, settings: DeploymentSettings): Promise<void> {
  await db.transaction((tx) =>
    tx.$executeRawUnsafe(
      `INSERT INTO clerk.deployment (id, settings) VALUES (1, $1::jsonb)
       ON CONFLICT (id) DO UPDATE SET settings = EXCLUDED.settings`,
      JSON.stringify(settings),
    ),
  )
}

/** Writes down whose data this is, once. */
export async function saveInstanceId(db: Database, instanceId: string): Promise<void> {
  await db.transaction((tx) =>
    tx.$executeRawUnsafe(
      `INSERT INTO clerk.deployment AS known (id, instance_id) VALUES (1, $1)
       ON CONFLICT (id) DO UPDATE SET instance_id = coalesce(known.instance_id, $1)`,
      instanceId,
    ),
  )
}

export async function readDeployment(db: Database): Promise<Deployment> {
  const [row] = await db.transaction((tx) =>
    tx.$queryRawUnsafe<{ settings: DeploymentSettings | null; instance_id: string | null }[]>(
      'SELECT settings, instance_id FROM clerk.deployment',
    ),
  )
  return { settings: row?.settings ?? undefined, instanceId: row?.instance_id ?? undefined }
}
