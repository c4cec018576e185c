import { createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { locateDataDir } from '../data-dir.ts'
import { buildChecks } from '../doctor/build-checks.ts'
import { createQuote } from '../doctor/quote.ts'
import { hasProblem, renderReport, reportJson } from '../doctor/report.ts'
import { runChecks } from '../doctor/run-checks.ts'
import { findSubject } from '../doctor/subject.ts'

// The checks of the database run side by side.
const maxConnections = 3

export interface DoctorOptions {
  url?: string
  json?: true
}

/** Checks everything and says what is wrong. Returns the exit code. */
export async function doctor(options: DoctorOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const url = options.url === undefined ? undefined : parseUrl(options.url)
  const subject = findSubject(env, locateDataDir())
  const quote = createQuote(subject.env)
  const opened: Database[] = []
  try {
    const checks = buildChecks({
      env: subject.env,
      openDatabase(databaseUrl) {
        const db = createDatabase({ url: databaseUrl, maxConnections })
        opened.push(db)
        return db
      },
      endpoint: url ?? subject.running?.webhookUrl,
      quote,
    })
    const results = await runChecks(checks, quote)
    const report = { subject: subject.name, results }
    const { isTTY } = process.stdout
    const style = { symbols: isTTY, colours: isTTY && process.stdout.hasColors(16) }
    process.stdout.write(options.json ? reportJson(report) : renderReport(report, style))
    return hasProblem(results) ? 1 : 0
  } finally {
    await Promise.all(opened.map((db) => db.close()))
  }
}

function parseUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new Error('--url must be an https:// URL')
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('--url must not have a user or a password: Clerk sends none')
  }
  return url.href
}
