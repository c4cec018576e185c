import { createServer } from 'node:net'
import { readConsoleConfig, wantsClerk } from '@clerk-sync/console'
import { readIngestConfig } from '@clerk-sync/ingest'
import { readWorkerConfig } from '@clerk-sync/worker'
import type { Secrets } from './data-dir.ts'

const boardUser = 'admin'

export type StartConfig = ReturnType<typeof readStartConfig>

/**
 * The settings of all apps. `secrets` are used where the environment sets none.
 *
 * @throws {ConfigError} that lists every problem.
 */
export function readStartConfig(env: NodeJS.ProcessEnv, secrets: Secrets, databaseUrl: string) {
  const complete = {
    ...env,
    DATABASE_URL: databaseUrl,
    CLERK_WEBHOOK_SIGNING_SECRET: env['CLERK_WEBHOOK_SIGNING_SECRET'] || secrets.signingSecret,
    ...boardLogin(env, secrets.boardPassword),
  }
  return {
    ingest: readIngestConfig(complete),
    worker: readWorkerConfig(complete),
    console: readConsoleConfig(complete),
  }
}

/** BOARD_USER and BOARD_PASSWORD, generated unless they are set. Empty when people log in with Clerk. */
export function boardLogin(env: NodeJS.ProcessEnv, generated: string): NodeJS.ProcessEnv {
  if (wantsClerk(env)) return {}
  return {
    BOARD_USER: env['BOARD_USER'] || boardUser,
    BOARD_PASSWORD: env['BOARD_PASSWORD'] || generated,
  }
}

/** @throws an Error that names the variable to set when one of the ports is taken. */
export async function checkPorts({ ingest, worker, console }: StartConfig): Promise<void> {
  const ports: [variable: string, port: number][] = [
    ['PORT', ingest.PORT],
    ['OPS_PORT', worker.OPS_PORT],
    ['BOARD_PORT', console.BOARD_PORT],
  ]
  for (const [variable, port] of ports) {
    if (await isPortFree(port, ingest.HOST)) continue
    throw new Error(
      `port ${port} is in use by another process; choose another one, as in ${variable}=${port + 100}`,
    )
  }
}

/** Whether a server can listen on this port now. */
export function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
