import { PrismaPg } from '@prisma/adapter-pg'
import { poolOf } from '../src/database.ts'
import type { Database, User } from '../src/index.ts'
import { PrismaClient } from './generated/client.ts'
import type { User as PrismaUser } from './generated/client.ts'

const clients = new WeakMap<Database, PrismaClient>()

/** Typed reads of the tables, over the database's own connections, which `db.close()` closes. */
export function prismaOf(db: Database): PrismaClient {
  let client = clients.get(db)
  if (!client) {
    const adapter = new PrismaPg(poolOf(db), { schema: 'clerk', disposeExternalPool: false })
    client = new PrismaClient({ adapter, errorFormat: 'minimal' })
    clients.set(db, client)
  }
  return client
}

// Does not compile when `User` and the table differ.
type Same<A, B> = [A, B] extends [B, A] ? true : never
true satisfies Same<User, PrismaUser>
true satisfies Same<keyof User, keyof PrismaUser>
