import { createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { locateDataDir } from '../start/data-dir.ts'
import type { DataDir } from '../start/data-dir.ts'
import { clerkOf, findOwn, findRunning } from '../start/running.ts'
import { boardLogin } from '../start/start-config.ts'
import { buildChecks } from './build-checks.ts'
import { createQuote } from './wording.ts'
import { hasProblem, renderReport, reportJson } from './report.ts'
import { runChecks } from './check.ts'

// The checks of the database run side by side.
const maxConnections = 3

export interface DoctorOptions {
  url?: string
  json?: true
}

/** Checks all settings and connections, and reports. Returns the exit code. */
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

/** Whose settings and connections are checked. */
interface Subject {
  /** The report's first line. */
  readonly name: string
  readonly env: NodeJS.ProcessEnv
  /** Undefined when the settings are those of the environment. */
  readonly running: { readonly webhookUrl: string } | undefined
}

/** What `start` runs here, with the settings that it generated; unless the environment names another database. */
function findSubject(env: NodeJS.ProcessEnv, dir: DataDir): Subject {
  const running = findOwn(env, findRunning(dir))
  if (!running) {
    return { name: 'clerk-sync with the settings of this environment', env, running: undefined }
  }
  return {
    name: `clerk-sync as "start" runs it here (process ${running.pid})`,
    env: {
      ...env,
      ...clerkOf(running, env),
      DATABASE_URL: env['DATABASE_URL'] || running.databaseUrl,
      REDIS_URL: running.redisUrl,
      CLERK_WEBHOOK_SIGNING_SECRET: running.signingSecret,
      SYNC_ENTITIES: running.syncEntities,
      SYNC_FIELDS: running.syncFields,
      // Its password is not looked up: what runs has a valid one.
      ...boardLogin(env, 'the one in .data'),
    },
    running: { webhookUrl: running.webhookUrl },
  }
}
