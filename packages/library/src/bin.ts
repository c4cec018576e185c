#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readVersion } from '@clerk-sync/ops'

// The command line is a package of its own, so that what an application installs stays small.
const serverPackage = 'clerk-sync-server'
const version = readVersion()
const args = process.argv.slice(2)

const help = `clerk-sync ${version}

Usage: clerk-sync <command> [options]

Runs the command line of ${serverPackage}, which is installed beside this package, or else fetched by npm:

  start       run everything here, with an embedded PostgreSQL unless DATABASE_URL is set
  migrate     bring the database to the schema of this release
  trigger     send a signed sample event and show its rows
  backfill    read all of Clerk into the tables
  reconcile   compare Clerk and the tables, and repair on request
  replay      run failed jobs again
  person      show all that is known of a person
  fields      show what is kept of each entity
  doctor      check all settings and connections
  schema      write the tables as models for Prisma, Drizzle or Kysely
  sql         print SQL for the roles of each process, or for Supabase

  clerk-sync <command> --help   explains one

To install it: npm install --save-dev ${serverPackage}@${version}
`

if (args[0] === '--version' || args[0] === '-V') process.stdout.write(`${version}\n`)
else if (args.length === 0 || args[0] === '--help' || args[0] === '-h') process.stdout.write(help)
else if (isTooOld(process.versions.node)) {
  process.stderr.write(
    `clerk-sync: this is Node.js ${process.versions.node}, and ${serverPackage} needs 22.12 or newer\n`,
  )
  process.exitCode = 1
} else await run()

async function run(): Promise<void> {
  const manifestPath = findServer()
  if (manifestPath === undefined) return runThroughNpm()
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { version: string }
  if (manifest.version === version) {
    await import(pathToFileURL(join(dirname(manifestPath), 'dist/main.js')).href)
    return
  }
  process.stderr.write(
    `clerk-sync: version ${version} can't run ${serverPackage} ${manifest.version}, which is installed ` +
      `beside it; npm install --save-dev ${serverPackage}@${version}\n`,
  )
  process.exitCode = 1
}

// It would end with the stack of the first function that is not there.
function isTooOld(node: string): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  return major < 22 || (major === 22 && minor < 12)
}

// The application's own, then one beside this package, as in a global installation.
function findServer(): string | undefined {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.filename]) {
    try {
      return createRequire(from).resolve(`${serverPackage}/package.json`)
    } catch {
      // Not there.
    }
  }
  return undefined
}

function runThroughNpm(): void {
  const source = `${serverPackage}@${version}`
  process.stderr.write(`clerk-sync: ${serverPackage} is not installed; npm fetches ${source}\n`)
  const npm = ['exec', '--yes', '--package', source, '--', serverPackage, ...args]
  // On Windows npm is a script, which only a shell starts; where npm runs this, it says where it is.
  const { npm_execpath: npmPath } = process.env
  const child = npmPath?.endsWith('npm-cli.js')
    ? spawn(process.execPath, [npmPath, ...npm], { stdio: 'inherit' })
    : spawn('npm', npm, { stdio: 'inherit', shell: process.platform === 'win32' })
  child.on('error', (error) => {
    process.stderr.write(
      `clerk-sync: npm can't be run (${error.message}); install ${source} beside clerk-sync\n`,
    )
    process.exitCode = 1
  })
  // Ctrl-C reaches both; npm passes it on, and this process ends with the command's exit code.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
  }
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
