#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { entities } from '@clerk-sync/events'
import {
  defaultTablesSchema,
  inTablesSchema,
  isPackaged,
  readVersion,
  withTablesSchemaOf,
} from '@clerk-sync/ops'
import { startProblem } from '@clerk-sync/ops/process'
import { Argument, Command, Option } from 'commander'
import { fields } from './fields/fields.ts'
import {
  atLeastOne,
  deleteLimit,
  signingSecret,
  timeSpan,
  zeroOrMore,
} from './terminal/parse-option.ts'

if (existsSync('.env')) process.loadEnvFile('.env')
const env = withTablesSchemaOf(process.env)

const things = new Intl.ListFormat('en').format(
  entities.map(({ table }) => table.replaceAll('_', ' ')),
)
// The commands are imported only when they run, so that --help answers at once.
const apps = {
  ingest: () => import('@clerk-sync/ingest/main'),
  worker: () => import('@clerk-sync/worker/main'),
  console: () => import('@clerk-sync/console/main'),
}
// In the repository it is a script of pnpm, for which every code but 0 is a failure.
const pnpmNote = `
pnpm says [ELIFECYCLE] at every code but 0. To be spared that, and the line of the script:
  $ npx -y pnpm@12 --silent clerk-sync reconcile
`
const program = new Command('clerk-sync')
  .description(`Keeps your own PostgreSQL in step with Clerk's ${things}.`)
  .version(readVersion())
  .showHelpAfterError('(--help lists what there is)')

program
  .command('start')
  .description(
    'run ingest, worker and console here, with an embedded PostgreSQL unless DATABASE_URL is set',
  )
  .option(
    '--fake-clerk <users>',
    "also run a fake of Clerk's Backend API with so many users, to try backfill and reconcile",
    atLeastOne,
  )
  .option('--reset', 'first delete what earlier starts have made in .data, after asking')
  .option('--yes', 'with --reset: do not ask')
  .addHelpText(
    'after',
    `
It listens on 127.0.0.1 only, unless HOST is set: HOST=0.0.0.0 opens webhook, console and metrics
to others. Without DATABASE_URL it keeps its database in .data, which also has the generated
secrets and the log. --reset never touches what DATABASE_URL and REDIS_URL name.

Examples:
  $ clerk-sync start
  $ clerk-sync start --fake-clerk 1000
  $ clerk-sync start --reset
`,
  )
  .action(async (options) => {
    const { start } = await import('./start/start.ts')
    await start(env, options)
  })

program
  .command('trigger')
  .description('send a signed sample event to a running ingest and show its rows')
  .argument('<type>', 'an event type of Clerk, such as user.created')
  .option('--id <id>', "the entity's id (default: a new one)")
  .option('--data <json>', "JSON merge patch for the event's data")
  .option('--count <n>', 'how many events to send', atLeastOne, 1)
  .option('--url <url>', 'the webhook URL (default: that of the clerk-sync that runs here)')
  .option(
    '--secret <whsec>',
    'the signing secret (default: that of the clerk-sync that runs here)',
    signingSecret,
  )
  .option('--timeout <ms>', 'how long to wait for the row', atLeastOne, 10_000)
  .action(async (type: string, options) => {
    const { trigger } = await import('./trigger/trigger.ts')
    process.exitCode = await trigger(type, options, env)
  })

program
  .command('fields')
  .description('show what is kept of each entity, and which settings change it')
  .option('--json', 'for machines')
  .addHelpText(
    'after',
    `
It reads SYNC_ENTITIES and SYNC_FIELDS as ingest and worker do, and connects to nothing.
"keep more" and "keep less" show what to put into SYNC_FIELDS; a leading minus leaves
out what is kept by default. docs/tables.md says what each table and column holds.

Examples:
  $ clerk-sync fields
  $ SYNC_FIELDS=users.phone_numbers,-users.image_url clerk-sync fields
  $ clerk-sync fields --json | jq '.entities[] | select(.kept) | .table'
`,
  )
  .action((options) => {
    const { text, problem } = fields(options, env)
    process.stdout.write(text)
    if (problem) throw problem
  })

program
  .command('backfill')
  .description('read all of Clerk through its Backend API into the tables')
  .option('--entities <tables>', 'only these, separated by commas')
  .option('--resume', 'continue where the last backfill stopped')
  .option('--dry-run', 'write nothing, say what would be written')
  .option('--refill', 'also write rows with the same updated_at that differ from Clerk')
  .option('--rate <n>', 'requests per 10 s; 0: no limit', zeroOrMore)
  .option('--json', 'for machines')
  .addHelpText(
    'after',
    `
It reads users, organizations, memberships, invitations, domains, roles, permissions and
waitlist entries, as far as SYNC_ENTITIES keeps them, and writes them through the same
guarded write as the worker: it may run beside live webhooks, never overwrites anything
newer and never restores a row that was deleted. Ctrl-C stops it; --resume continues there
and skips the tables that were finished.

It uses the worker's DELETION_POLICY, SYNC_ENTITIES and SYNC_FIELDS, which are saved in the
database, and refuses the key of another Clerk instance.

A row with the same updated_at is not changed, unless --refill is given: then it is written
where it differs, after SYNC_FIELDS keeps more fields than before, or where somebody changed
rows by hand. What Clerk changed in the last minute is left to its webhook.
--refill --dry-run counts these rows.

When one list of Clerk's can't be read, or not to its end, the others are read all the same.
Memberships, invitations and domains are read organization by organization where the API has
no list of all of them.

It needs CLERK_SECRET_KEY and DATABASE_URL, or "clerk-sync start --fake-clerk 1000" here.
The rate limit is shared by all processes on one database: 900 requests per 10 s for a
production key, 90 for a development one.

Exit code: 0 when everything was read and written, and also when Clerk says that a feature is
not enabled; 1 when something could not be read or written; 130 when it was stopped.

Examples:
  $ clerk-sync backfill
  $ clerk-sync backfill --entities users,organizations --dry-run
  $ clerk-sync backfill --resume
  $ clerk-sync backfill --refill --entities users
  $ clerk-sync backfill --json | jq '.complete'
`,
  )
  .action(async (options) => {
    const { backfill } = await import('./backfill/backfill.ts')
    process.exitCode = await backfill(options, env)
  })

program
  .command('reconcile')
  .description('compare Clerk and the tables both ways, and repair on request')
  .option('--entities <tables>', 'only these, separated by commas')
  .option('--repair', 'repair what differs')
  .addOption(
    new Option(
      '--max-deletes <n|n%>',
      'the delete limit: the most rows of a table that --repair may delete',
    )
      .argParser(deleteLimit)
      .default({ percent: 1 }, '1%'),
  )
  .option('--rate <n>', 'requests per 10 s; 0: no limit', zeroOrMore)
  .option('--json', 'for machines')
  .addHelpText(
    'after',
    `
It compares Clerk and the tables both ways and reports for each table what is
  missing      in Clerk, but not here
  stale        here older than in Clerk
  extra        here, but no longer in Clerk (Clerk is asked again, by its id)
  resurrected  in Clerk, but marked as deleted here
A change of the last minute is no drift: its webhook may still be on the way.
--repair uses the same guarded write as the worker; it deletes a row only after Clerk was
asked for its id.
--max-deletes is the delete limit of each table (default 1% of what Clerk has, at least one
row): when more of its rows would be deleted, nothing of that table and of those after it is
written.

It compares updated_at, not every field: "backfill --refill --dry-run" does that.

Exit code: 0 without drift (after --repair: none left), 3 with drift, also where the delete
limit has stopped the repair, 1 when something could not be compared (a list that can't be
read, or gives fewer than Clerk counts, an entry without updated_at) or a repair was refused:
then "no drift" is not known.
${isPackaged ? '' : pnpmNote}
Examples:
  $ clerk-sync reconcile
  $ clerk-sync reconcile --repair --max-deletes 50
  $ clerk-sync reconcile --json | jq '.drift'
`,
  )
  .action(async (options) => {
    const { reconcile } = await import('./reconcile/reconcile.ts')
    process.exitCode = await reconcile(options, env)
  })

program
  .command('replay')
  .description('run failed jobs again, with all their attempts')
  .option('--failed', 'all failed jobs, or those that the options below select')
  .option('--type <types>', 'only events of these types, separated by commas')
  .option('--reason <text>', 'only jobs whose reason contains this')
  .option('--since <time>', 'only jobs that failed since then')
  .option('--until <time>', 'only jobs that failed until then')
  .option('--include-invalid', 'also invalid events, which no attempt can apply')
  .addOption(
    new Option('--wait <time>', 'wait for the replayed jobs, at most so long; 0: not at all')
      .argParser(timeSpan)
      .default(120_000, '2m'),
  )
  .option('--dry-run', 'change nothing, count by type and reason')
  .option('--json', 'for machines')
  .addHelpText(
    'after',
    `
It runs failed jobs again with all their attempts, oldest first. A job that fails again while
it runs is not replayed twice; a job that somebody else replays or removes is skipped. Ctrl-C
stops it safely; run it again to continue.

Then it waits for what it replayed and says how many jobs succeeded, how many failed again and
why, and how many still run or wait. A job that fails again with attempts left is retried by
itself. Ctrl-C ends the waiting; the jobs go on. Without a worker, or while the queue is
paused, it says that nothing runs.

Invalid events, such as one without an id, are left out: no attempt can apply them, so
replaying won't help. A later release may be able to apply them: then --include-invalid.

--since and --until are about when a job failed: 90s, 30m, 2h or 7d ago, or a time as in
2026-11-30T14:05:00Z.

It needs the queue: REDIS_URL, or DATABASE_URL where the queue lives in PostgreSQL, or a
"clerk-sync start" that runs here.

Exit code: 0 when all succeeded (with --wait 0: when all went back into the queue), 3 when some
failed again, 4 when none failed but some still run or wait, 1 on errors, 130 when it was stopped.

Examples:
  $ clerk-sync replay --failed --dry-run
  $ clerk-sync replay --failed --type user.created,user.updated --since 2h
  $ clerk-sync replay --failed --reason 'SQLSTATE 23514'
  $ clerk-sync replay --failed --wait 10m
  $ clerk-sync replay --failed --json | jq '.jobs.succeeded'
`,
  )
  .action(async (options) => {
    const { replay } = await import('./replay/replay.ts')
    process.exitCode = await replay(options, env)
  })

program
  .command('person')
  .description(
    'show all that is known of a person: rows, history, failed jobs, what a deletion does',
  )
  .argument('<id or address>', 'an id of Clerk, user_… or of any other entity, or an email address')
  .option('--limit <n>', 'how many rows of each table, and how many events', atLeastOne, 50)
  .option('--json', 'for machines, with every column')
  .addHelpText(
    'after',
    `
It shows the rows that have the id or name it as their user or organization, tombstones, the
events in the ledger with their outcome and the columns that they changed, the failed jobs
that concern it, and what a deletion would do with the DELETION_POLICY that the worker saved.
It changes nothing. The output holds personal data.

An address is found in any case, and in open invitations and the waitlist too. Who had it
before is known from the ledger, with AUDIT_VALUES=true.

It needs DATABASE_URL, and REDIS_URL where the queue is in Redis, or a "clerk-sync start" that
runs here.

Exit code: 0 when something is known, also when it is only a tombstone, an event or a failed
job; 3 when nothing is; 1 on errors.

Examples:
  $ clerk-sync person user_2abc
  $ clerk-sync person ada@example.com
  $ clerk-sync person org_2def --limit 500
  $ clerk-sync person user_2abc --json | jq '.found[].events.rows[] | [.type, .outcome]'
`,
  )
  .action(async (query: string, options) => {
    const { person } = await import('./person/person.ts')
    process.exitCode = await person(query, options, env)
  })

program
  .command('doctor')
  .description('check all settings and connections, and say how to repair what is wrong')
  .option('--url <url>', 'the public URL that Clerk posts to, to see whether ingest answers there')
  .option('--json', 'for machines')
  .addHelpText(
    'after',
    `
It reads the settings as ingest, worker, console and the commands do, from the environment
and .env, or takes those of the clerk-sync that "start" runs here. It connects to
everything that they name, and changes nothing. It asks Clerk's API for the time and, with
CLERK_SECRET_KEY, for the instance. --url gets one POST without a signature, which ingest
refuses and counts as such.

A check that takes longer than 5 s fails. The exit code is 1 when there is a problem,
and 0 with warnings alone. Passwords, keys and signing secrets are never shown.

Examples:
  $ clerk-sync doctor
  $ clerk-sync doctor --url https://example.com/api/webhooks/clerk
  $ clerk-sync doctor --json | jq '.checks[] | select(.status == "problem")'
`,
  )
  .action(async (options) => {
    const { doctor } = await import('./doctor/doctor.ts')
    process.exitCode = await doctor(options, env)
  })

for (const app of ['ingest', 'worker', 'console'] as const) {
  program
    .command(app)
    .description(`run ${app} alone, as in production`)
    .action(async () => void (await apps[app]()))
}

program
  .command('migrate')
  .description('bring the database to the schema of this release')
  .option('--supabase', "then apply row level security for Supabase (see 'sql supabase')")
  .option('--views', 'with --supabase: also the views public.clerk_…')
  .action(async (options) => {
    const { migrate } = await import('./migrate/migrate.ts')
    await migrate(env, options)
  })

const sql = program.command('sql').description('print SQL to look at, or to run yourself')

sql
  .command('supabase')
  .description("row level security for Supabase with Clerk's session tokens")
  .option('--views', 'also the views public.clerk_…, for clients that ask for all columns')
  .option('--remove', 'print what takes it back instead')
  .addHelpText(
    'after',
    `
A signed-in user sees their own rows, and of their active organization its row, its memberships
and its members. Everything else is hidden, and "anon" sees nothing. Run it as the owner of the
tables, again after each upgrade; "clerk-sync migrate --supabase" does that. docs/supabase.md
has the rest.

Examples:
  $ clerk-sync sql supabase --views | psql "$DATABASE_URL"
  $ clerk-sync sql supabase --remove | psql "$DATABASE_URL"
`,
  )
  .action(async (options: { views?: boolean; remove?: boolean }) => {
    const { supabaseRemovalSql, supabaseSql } = await import('@clerk-sync/db/schemas')
    const text = options.remove === true ? supabaseRemovalSql() : supabaseSql(options)
    process.stdout.write(inTablesSchema(text, env['TABLES_SCHEMA'] || defaultTablesSchema))
  })

sql
  .command('roles')
  .description('a role of PostgreSQL with only the needed rights for each process')
  .addHelpText(
    'after',
    `
Run it as a superuser, before the first "clerk-sync migrate" or at any time later, and again after
each upgrade. It makes the roles without logins: docs/deploy.md says how each process gets one.
With TABLES_SCHEMA it is about the tables of that schema.

Example:
  $ clerk-sync sql roles | psql "$ADMIN_DATABASE_URL" -1 -v ON_ERROR_STOP=1
`,
  )
  .action(async () => {
    const { rolesSql } = await import('@clerk-sync/db/schemas')
    process.stdout.write(
      inTablesSchema(await rolesSql(), env['TABLES_SCHEMA'] || defaultTablesSchema),
    )
  })

program
  .command('schema')
  .description('write the tables as models for Prisma, Drizzle or Kysely')
  .addArgument(
    new Argument('<orm>', 'whose models').choices(['prisma', 'drizzle', 'kysely']).argRequired(),
  )
  .option('--out <file>', 'write to this file instead of stdout')
  .addHelpText(
    'after',
    `
It connects to nothing: the models follow from the release, so run it again after an upgrade.
With TABLES_SCHEMA it is about the tables of that schema.

prisma   a file for a schema of several files. With --out it keeps the relation fields to your
         own models that are in the file, and prints what prisma.config.ts needs.
drizzle  the module "clerk-sync/drizzle", for those who don't install the package
kysely   the module "clerk-sync/kysely"

Examples:
  $ clerk-sync schema prisma --out prisma/clerk.prisma
  $ clerk-sync schema drizzle > src/db/clerk.ts
`,
  )
  .action(async (orm: 'prisma' | 'drizzle' | 'kysely', options) => {
    const { schema } = await import('./schema/schema.ts')
    process.stdout.write(await schema(orm, options, env['TABLES_SCHEMA'] || defaultTablesSchema))
  })

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`clerk-sync: ${startProblem(error)}\n`)
  process.exitCode = 1
}
