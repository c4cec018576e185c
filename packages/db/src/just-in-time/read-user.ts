import type { Database } from '../database.ts'
import { toDatabaseError } from '../database-error.ts'
import type { User } from '../generated/client.ts'

/**
 * The row of a user; `deleted` where Clerk deleted them, whether or not a row has stayed; undefined
 * where nothing is known of that id.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError}
 */
export async function readUser(db: Database, id: string): Promise<User | 'deleted' | undefined> {
  try {
    const user = await db.prisma.user.findUnique({ where: { id } })
    if (user) return user.deleted_at === null ? user : 'deleted'
    const tombstone = await db.prisma.tombstone.findUnique({
      where: { entity_id: { entity: 'user', id } },
    })
    return tombstone ? 'deleted' : undefined
  } catch (error) {
    throw toDatabaseError(error)
  }
}
