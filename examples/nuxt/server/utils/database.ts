import { createDatabase } from 'clerk-sync'

/** The tables of clerk-sync, in the database of DATABASE_URL. */
export const db = createDatabase()
