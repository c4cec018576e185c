import type { ConsoleConfig } from '@clerk-sync/console'
import { tablesSchemaOf, withoutTablesSchema } from '@clerk-sync/ops'
import { inShell } from '../terminal/text.ts'

export interface StartScreen {
  webhookUrl: string
  /** Undefined when it came from the environment. */
  signingSecret: string | undefined
  /** The variable that was set in place of CLERK_WEBHOOK_SIGNING_SECRET. */
  mistakenName: string | undefined
  /** A generated password is shown, one from the environment is not. */
  console: { url: string; login: ConsoleConfig['login']; isGenerated: boolean }
  opsUrl: string
  /** HOST: the address that webhook, console and metrics are listened on. */
  host: string
  database: { url: string; embedded: boolean }
  queue: 'redis' | 'postgres'
  fakeClerk: { url: string; users: number } | undefined
}

/** The text that `start` shows when everything runs. */
export function renderStartScreen(screen: StartScreen): string {
  const { console, database } = screen
  const rows = [
    ['webhook', `POST ${screen.webhookUrl}`],
    ['secret', screen.signingSecret ?? 'the one in CLERK_WEBHOOK_SIGNING_SECRET'],
    ...(screen.signingSecret ? [['', secretNote(screen.mistakenName)]] : []),
    ['console', `${console.url}  ${loginNote(console)}`],
    ['metrics', `${screen.opsUrl}/metrics  and /livez, /readyz`],
    ['open to', openNote(screen.host)],
    ['database', redactGiven(database)],
    [
      '',
      `${database.embedded ? 'embedded, data in .data/; ' : ''}tables in the schema "${tablesSchemaOf(database.url)}"`,
    ],
    ['queue', queueNote(screen.queue)],
    ...(screen.fakeClerk
      ? [
          [
            'Clerk',
            `${screen.fakeClerk.url}  a fake Backend API with ${screen.fakeClerk.users} users`,
          ],
        ]
      : []),
    ['log', '.data/clerk-sync.log'],
  ] as [label: string, text: string][]
  const lines = rows.map(([label, text]) => `  ${label.padEnd(10)}${text}`)
  return `
clerk-sync is running

${lines.join('\n')}

Next, in a second terminal:

  ${inShell('trigger user.created')}
${screen.fakeClerk ? `  ${inShell('backfill')}\n` : ''}
Ctrl-C stops everything.
`
}

function secretNote(mistakenName: string | undefined): string {
  return mistakenName === undefined
    ? 'generated, kept in .data/; for real events set CLERK_WEBHOOK_SIGNING_SECRET'
    : `generated: ${mistakenName} is set, but not read. For real events rename it to CLERK_WEBHOOK_SIGNING_SECRET`
}

function openNote(host: string): string {
  const name = host.toLowerCase()
  if (name === 'localhost' || name === '::1' || name.startsWith('127.')) {
    return 'this machine only; HOST=0.0.0.0 opens webhook, console and metrics to others'
  }
  const which = host === '0.0.0.0' || host === '::' ? 'every address of this machine' : host
  return `whoever reaches ${which}: webhook, console and metrics (HOST=${host})`
}

function loginNote({ login, isGenerated }: StartScreen['console']): string {
  if (login.kind === 'clerk') return `in a browser ${login.url}; log in with Clerk`
  return `user ${login.user}, password ${isGenerated ? login.password : 'the one in BOARD_PASSWORD'}`
}

// The password of the embedded database was generated here; another one is a secret of the environment.
function redactGiven({ url, embedded }: StartScreen['database']): string {
  const shown = new URL(withoutTablesSchema(url))
  if (!embedded && shown.password) shown.password = '***'
  if (!embedded && shown.searchParams.has('password')) shown.searchParams.set('password', '***')
  return shown.href
}

function queueNote(queue: StartScreen['queue']): string {
  return queue === 'redis'
    ? 'on Redis'
    : 'on PostgreSQL, beside the tables; in production set REDIS_URL'
}
