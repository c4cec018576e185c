import { createPostgresBackend } from 'bullmq'
import { createOutageBackend } from './outage-backend.ts'

// The same as in packages/db/src/database-error.ts, which can't be imported from here.
const lostStates = /^(08|28|40|53|57P|58)|^(25006|3D000|55P03)$/
const socketCodes = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|EADDRNOTAVAIL)/
// What node-postgres says without a code.
const lostMessages = /^(Connection terminated|timeout e|Query read timeout|Client has encountered)/

/** BullMQ's PostgreSQL backend, patient while the server is away. */
export const createWaitingPostgresBackend: typeof createPostgresBackend = (...args) =>
  createOutageBackend(createPostgresBackend(...args), { isOutage, onOutage: () => undefined })

function isOutage(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : ''
  return lostStates.test(code) || socketCodes.test(code) || lostMessages.test(error.message)
}
