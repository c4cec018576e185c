import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import { migrate } from '@clerk-sync/db/migrate'
import { createSigningSecret } from '@clerk-sync/events'
import { createTestDatabase, freePort } from '@clerk-sync/testing'
import { root } from '../npm/build.ts'
import { checkApplication } from './check-application.ts'
import { createClerkOfExamples } from './clerk-of-examples.ts'
import { runCommand, startCommand } from './command.ts'
import type { Command } from './command.ts'

const directory = join(root, 'examples')
const installTimeoutMs = 180_000
const buildTimeoutMs = 240_000
const startTimeoutMs = 60_000

/** The names of all examples. */
export function listExamples(): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
}

export interface Trial {
  /** The packed library. */
  readonly tarball: string
  /** A PostgreSQL; the example gets a database of its own there. */
  readonly postgresUrl: string
  /** Told of each step with the seconds that it took. */
  readonly onStep?: (step: string, seconds: number) => void
}

/**
 * Installs an example from the tarball outside of this repository, checks its types, builds it, runs
 * it as in production, and checks that it does what it says.
 *
 * @throws Error that names what failed, with the output of the example.
 */
export async function tryExample(
  name: string,
  { tarball, postgresUrl, onStep }: Trial,
): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), `clerk-sync-${name}-`))
  const database = await createTestDatabase(postgresUrl)
  const clerk = await createClerkOfExamples()
  const step = async (what: string, work: () => Promise<void>) => {
    const began = performance.now()
    await work()
    onStep?.(what, (performance.now() - began) / 1_000)
  }
  let application: Command | undefined
  try {
    cpSync(join(directory, name), cwd, { recursive: true, filter: isOfTheExample })
    const signingSecret = createSigningSecret()
    const settings = readSettings(cwd, {
      DATABASE_URL: database.url,
      CLERK_WEBHOOK_SIGNING_SECRET: signingSecret,
      CLERK_PUBLISHABLE_KEY: clerk.publishableKey,
      CLERK_SECRET_KEY: clerk.secretKey,
    })
    await step('install', () =>
      runCommand(['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball], {
        cwd,
        env: quiet,
        timeoutMs: installTimeoutMs,
      }),
    )
    // Where applications are built there is no database, and no secret but what the pages need.
    writeSettings(
      cwd,
      settings.filter(([variable]) => variable.endsWith('_KEY')),
    )
    await step('build', async () => {
      for (const script of scriptsOf(cwd).filter((one) => ['typecheck', 'build'].includes(one))) {
        await runCommand(['npm', 'run', script], { cwd, env: quiet, timeoutMs: buildTimeoutMs })
      }
    })
    writeSettings(cwd, settings)
    await step('run', async () => {
      await migrate(database.url)
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      application = startCommand(['npm', 'start'], cwd, {
        ...quiet,
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: `${port}`,
        ...clerk.environment,
      })
      await waitUntilAnswers(url, application)
      await checkApplication(url, { clerk, databaseUrl: database.url, signingSecret })
    })
  } catch (error) {
    const output = application?.output()
    throw output
      ? new Error(`${String(error)}\nThe application wrote:\n${output}`, { cause: error })
      : error
  } finally {
    await application?.stop()
    await clerk.close()
    await database.drop()
    rmSync(cwd, { recursive: true, force: true })
  }
}

const quiet = {
  CLERK_TELEMETRY_DISABLED: '1',
  NEXT_PUBLIC_CLERK_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  NO_COLOR: '1',
}

// What a developer may have left there.
const isOfTheExample = (path: string) =>
  !/[/\\](?:node_modules|dist|build|\.next|\.nuxt|\.output|\.astro|\.react-router|\.tanstack|\.data|\.env)$/.test(
    path,
  )

function scriptsOf(cwd: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  return Object.keys(scripts).toSorted().toReversed()
}

type Settings = readonly (readonly [variable: string, value: string])[]

/** A value for each variable of `.env.example`, whatever a framework puts in front of its name. */
function readSettings(cwd: string, known: Record<string, string>): Settings {
  const example = join(cwd, '.env.example')
  if (!existsSync(example)) throw new Error('there is no .env.example')
  return Object.keys(parseEnv(readFileSync(example, 'utf8'))).map((variable) => {
    const end = Object.keys(known).find((one) => variable.endsWith(one))
    if (!end) throw new Error(`.env.example has ${variable}, and nobody knows a value for it`)
    return [variable, known[end] ?? '']
  })
}

function writeSettings(cwd: string, settings: Settings): void {
  writeFileSync(join(cwd, '.env'), settings.map(([name, value]) => `${name}=${value}\n`).join(''))
}

async function waitUntilAnswers(url: string, application: Command): Promise<void> {
  const ended = application.exitCode.then((code) => ({ code }))
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    const answered = await Promise.race([fetch(url).catch(() => undefined), ended])
    if (answered && 'code' in answered) throw new Error(`npm start ended with ${answered.code}`)
    if (answered) return
    if (performance.now() > deadline) {
      throw new Error(`npm start: nothing answers at ${url} after ${startTimeoutMs / 1_000} s`)
    }
    await sleep(50)
  }
}
