import { existsSync } from 'node:fs'
import { entities } from '@clerk-sync/entities'
import { startProblem } from '@clerk-sync/ops'
import { Command, InvalidArgumentError } from 'commander'
import { fields, fieldsHelp } from './commands/fields.ts'

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
  .action(async () => {
    const { start } = await import('./commands/start.ts')
    await start(process.env)
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
