import { existsSync } from 'node:fs'
import { entities } from '@clerk-sync/events'
import { startProblem } from '@clerk-sync/ops/process'
import { Command, InvalidArgumentError, Option } from 'commander'
import { backfillHelp, reconcileHelp } from './catch-up/help.ts'
import { parseMaxDeletes } from './catch-up/max-deletes.ts'
import { fields, fieldsHelp } from './commands/fields.ts'
import { doctorHelp } from './doctor/help.ts'
import { replayHelp } from './replay/help.ts'

if (existsSync('.env')) process.loadEnvFile('.env')

const things = new Intl.ListFormat('en').format(
  entities.map(({ table }) => table.replaceAll('_', ' ')),
)
const program = new Command('clerk-sync')
  .description(`Keeps your own PostgreSQL in step with Clerk's ${things}.`)
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
  .action(async (options) => {
    const { start } = await import('./commands/start.ts')
    await start(process.env, options)
  })

program
  .command('trigger')
  .description('send a signed sample event to a running ingest and show its rows')
  .argument('<type>', 'an event type of Clerk, such as user.created')
  .option('--id <id>', "the entity's id (default: a new one)")
  .option('--data <json>', "JSON merge patch for the event's data")
  .option('--count <n>', 'how many events to send', atLeastOne, 1)
  .option('--url <url>', 'the webhook URL (default: that of the clerk-sync that runs here)')
  .option('--secret <whsec>', 'the signing secret (default: that of the clerk-sync that runs here)')
  .option('--timeout <ms>', 'how long to wait for the row', atLeastOne, 10_000)
  .action(async (type: string, options) => {
    const { trigger } = await import('./commands/trigger.ts')
    process.exitCode = await trigger(type, options, process.env)
  })

program
  .command('fields')
  .description('show what is kept of each entity, and which settings change it')
  .option('--json', 'for machines')
  .addHelpText('after', fieldsHelp)
  .action((options) => {
    const { text, problem } = fields(options, process.env)
    process.stdout.write(text)
    if (problem) throw problem
  })

program
  .command('backfill')
  .description('read all of Clerk through its Backend API into the tables')
  .option('--entities <tables>', 'only these, separated by commas')
  .option('--resume', 'go on where the last backfill was stopped')
  .option('--dry-run', 'write nothing, say what would be written')
  .option('--rate <n>', 'requests per 10 s; 0: no limit', zeroOrMore)
  .addHelpText('after', backfillHelp)
  .action(async (options) => {
    const { backfill } = await import('./commands/backfill.ts')
    process.exitCode = await backfill(options, process.env)
  })

program
  .command('reconcile')
  .description('compare Clerk and the tables both ways, and repair on request')
  .option('--entities <tables>', 'only these, separated by commas')
  .option('--repair', 'mend what differs')
  .addOption(
    new Option('--max-deletes <n|n%>', 'the most rows of an entity to delete')
      .argParser(maxDeletes)
      .default({ percent: 1 }, '1%'),
  )
  .option('--rate <n>', 'requests per 10 s; 0: no limit', zeroOrMore)
  .option('--json', 'for machines')
  .addHelpText('after', reconcileHelp)
  .action(async (options) => {
    const { reconcile } = await import('./commands/reconcile.ts')
    process.exitCode = await reconcile(options, process.env)
  })

program
  .command('replay')
  .description('run failed jobs again, with all their attempts')
  .option('--failed', 'all failed jobs, or those that the options below select')
  .option('--type <types>', 'only events of these types, separated by commas')
  .option('--reason <text>', 'only jobs whose reason contains this')
  .option('--since <time>', 'only jobs that failed since then')
  .option('--until <time>', 'only jobs that failed until then')
  .option('--dry-run', 'change nothing, count by type and reason')
  .option('--json', 'for machines')
  .addHelpText('after', replayHelp)
  .action(async (options) => {
    const { replay } = await import('./commands/replay.ts')
    process.exitCode = await replay(options, process.env)
  })

program
  .command('doctor')
  .description('check all settings and connections, and say how to mend what is wrong')
  .option('--url <url>', 'the public URL that Clerk posts to, to see whether ingest answers there')
  .option('--json', 'for machines')
  .addHelpText('after', doctorHelp)
  .action(async (options) => {
    const { doctor } = await import('./commands/doctor.ts')
    process.exitCode = await doctor(options, process.env)
  })

program
  .command('migrate')
  .description('bring the database to the schema of this release')
  .action(async () => {
    const { migrate } = await import('./commands/migrate.ts')
    await migrate(process.env)
  })

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`clerk-sync: ${startProblem(error)}\n`)
  process.exitCode = 1
}

function atLeastOne(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be 1 or more.')
  return value
}

function zeroOrMore(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be 0 or more.')
  return value
}

function maxDeletes(text: string) {
  const value = parseMaxDeletes(text)
  if (!value) throw new InvalidArgumentError('It must be a number of rows or a share, as in 2%.')
  return value
}
