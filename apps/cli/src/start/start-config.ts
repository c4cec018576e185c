import { createServer } from 'node:net'
import { readConsoleConfig, wantsClerk } from '@clerk-sync/console'
import { readIngestConfig } from '@clerk-sync/ingest'
import { readTogether } from '@clerk-sync/ops'
import { readWorkerConfig } from '@clerk-sync/worker'
import type { Secrets } from './data-dir.ts'

const boardUser = 'admin'
// One person's machine: what others may reach is opened on purpose.
const loopback = '127.0.0.1'

export type StartConfig = ReturnType<typeof readStartConfig>

/**
 * The settings of all apps. `secrets` are used where the environment sets none, and `clerk` by those that
 * ask Clerk's Backend API.
 *
 * @throws {ConfigError} that lists the problems of all apps.
 */
export function readStartConfig(
  env: NodeJS.ProcessEnv,
  secrets: Secrets,
  databaseUrl: string,
  clerk: NodeJS.ProcessEnv = {},
) {
  const complete = {
    ...env,
    HOST: env['HOST'] || loopback,
    DATABASE_URL: databaseUrl,
    CLERK_WEBHOOK_SIGNING_SECRET: env['CLERK_WEBHOOK_SIGNING_SECRET'] || secrets.signingSecret,
    ...boardLogin(env, secrets.boardPassword),
  }
  return readTogether({
    ingest: () => readIngestConfig(complete),
    worker: () => readWorkerConfig({ ...complete, ...clerk }),
    console: () => readConsoleConfig({ ...complete, ...clerk }),
  })
}

/** BOARD_USER and BOARD_PASSWORD, generated unless they are set. Empty when people log in with Clerk. */
export function boardLogin(env: NodeJS.ProcessEnv, generated: string): NodeJS.ProcessEnv {
  if (wantsClerk(env)) return {}
  return {
    BOARD_USER: env['BOARD_USER'] || boardUser,
    BOARD_PASSWORD: env['BOARD_PASSWORD'] || generated,
  }
}

/** The ports that are listened on, by their variables. */
export function portsOf({ ingest, worker, console }: StartConfig) {
  return { PORT: ingest.PORT, OPS_PORT: worker.OPS_PORT, BOARD_PORT: console.BOARD_PORT } as const
}

/** @throws an Error that names the variable to set when it can't be listened on one of the ports. */
export async function checkPorts(config: StartConfig): Promise<void> {
  const { HOST: host } = config.ingest
  const ports = Object.entries(portsOf(config))
  for (const [variable, port] of ports) {
    const [same] = ports.find(([other, taken]) => other !== variable && taken === port) ?? []
    if (same !== undefined) {
      throw new Error(
        `${variable} and ${same} are both ${port}: each needs a port of its own, as in ${same}=${port + 1}`,
      )
    }
  }
  for (const [variable, port] of ports) {
    const code = await whyNotFree(port, host)
    if (code === undefined) continue
    if (code === 'EADDRINUSE') {
      throw new Error(
        `port ${port} is in use by another process; choose another one, as in ${variable}=${port + 100}`,
      )
    }
    if (code === 'EACCES') {
      throw new Error(
        `this user may not listen on port ${port}; choose one above 1023, as in ${variable}=${port + 8_000}`,
      )
    }
    throw new Error(
      `HOST is wrong: ${host} is no address of this machine (${code}). Example: HOST=${loopback}`,
    )
  }
}

/** Whether a server can listen on this port now. */
export async function isPortFree(port: number, host: string): Promise<boolean> {
  return (await whyNotFree(port, host)) === undefined
}

function whyNotFree(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
}
