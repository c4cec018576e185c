import type { PrismaClient } from './generated/client.ts'

/** The part of the Prisma client that statements run on, inside one transaction. */
export type Transaction = Pick<PrismaClient, '$queryRawUnsafe' | '$executeRawUnsafe'>
