import { DATABASE_URL } from 'astro:env/server'
import { createDatabase } from 'clerk-sync'

export const db = createDatabase({ url: DATABASE_URL })
