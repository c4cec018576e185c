import { createDatabase } from 'clerk-sync'
import type { Database } from 'clerk-sync'

let opened: Database | undefined

/** The tables of clerk-sync. Opened at the first request: a build has no DATABASE_URL. */
export function database(): Database {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set: copy .env.example to .env')
  return (opened ??= createDatabase({ url, maxConnections: 5 }))
}
