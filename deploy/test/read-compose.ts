import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const root = join(import.meta.dirname, '../..')

/** A service as docker-compose.yml has it, with what these tests look at. */
export interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  networks: string[]
  restart: string
  read_only?: boolean
  privileged?: boolean
  user?: string
  cap_drop?: string[]
  security_opt?: string[]
  container_name?: string
  stop_grace_period?: string
  mem_limit?: string
  healthcheck?: { test?: string[]; disable?: boolean }
  logging?: { options?: Record<string, string> }
  build?: string
}

export const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8')

/** The services with their variables put in, as Compose does it. */
export function readServices(env: Record<string, string> = {}): Record<string, Service> {
  const { services } = parse(composeText, { merge: true }) as { services: Record<string, Service> }
  for (const service of Object.values(services)) {
    service.image = interpolate(service.image, env)
    service.mem_limit = interpolate(service.mem_limit ?? '', env)
    service.ports = (service.ports ?? []).map((port) => interpolate(port, env))
    service.environment = Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([name, text]) => [
        name,
        interpolate(text, env),
      ]),
    )
  }
  return services
}

/** The names of the variables without which Compose refuses to start. */
export function readRequired(): string[] {
  return [...new Set(Array.from(composeText.matchAll(/\$\{(\w+):\?/g), ([, name = '']) => name))]
}

function interpolate(text: string, env: Record<string, string>): string {
  return text.replaceAll(
    /\$\{(\w+):([-?])([^}]*)\}/g,
    (_, name: string, kind: string, rest: string) => env[name] || (kind === '-' ? rest : ''),
  )
}
