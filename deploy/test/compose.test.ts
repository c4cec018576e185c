import { processVariables } from '@clerk-sync/ops/process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { readConsoleConfig } from '@clerk-sync/console'
import { createSigningSecret } from '@clerk-sync/events'
import { readIngestConfig } from '@clerk-sync/ingest'
import { readWorkerConfig } from '@clerk-sync/worker'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exporterSecrets, readAppVariables } from '../src/kubernetes/app-variables.ts'
import { composeText, readRequired, readServices, root } from './read-compose.ts'

const filledIn = {
  POSTGRES_PASSWORD: '0f1e2d3c',
  POSTGRES_MIGRATE_PASSWORD: '1f1e2d3c',
  POSTGRES_WORKER_PASSWORD: '2f1e2d3c',
  POSTGRES_CLI_PASSWORD: '3f1e2d3c',
  CLERK_WEBHOOK_SIGNING_SECRET: createSigningSecret(),
  GRAFANA_PASSWORD: '4b5a6978',
}
const login = { BOARD_USER: 'admin', BOARD_PASSWORD: 'twelve or more' }
const services = readServices({ ...filledIn, ...login })
const all = Object.entries(services)
const apps = all.filter(([, { image }]) => image.startsWith('clerk-sync:'))
const running = all.filter(([, { restart }]) => restart !== 'no')
const defaults = {
  opsPort: processVariables.OPS_PORT.parse(undefined),
  shutdownTimeoutMs: processVariables.SHUTDOWN_TIMEOUT_MS.parse(undefined),
}
const readYaml = (path: string): unknown => parse(readFileSync(join(root, path), 'utf8'))
const seconds = (text = '0s') => Number(text.replace(/s$/, ''))
const megabytes = (text = '') => Number(/^(\d+)m/.exec(text)?.[1])

test('Compose asks for exactly the secrets that the processes can not start without', () => {
  expect(readRequired().toSorted()).toEqual(Object.keys(filledIn).toSorted())
})

test('there is no secret in the file', () => {
  expect(composeText).not.toMatch(/whsec_|sk_(test|live)_|:\/\/\w*:(?!\$)\w+@/)
  expect(composeText).not.toMatch(/(PASSWORD|SECRET|_KEY): (?!\$\{)/)
})

test('each service has its own role of PostgreSQL, and no process the superuser', () => {
  const logins = all.flatMap(([name, { environment }]) => {
    const url = environment?.['DATABASE_URL']
    return url ? [[name, `${new URL(url).username}:${new URL(url).password}`] as const] : []
  })
  expect(Object.fromEntries(logins)).toEqual({
    cli: `clerk_sync_cli:${filledIn.POSTGRES_CLI_PASSWORD}`,
    console: `clerk_sync_cli:${filledIn.POSTGRES_CLI_PASSWORD}`,
    migrate: `clerk_sync_migrate:${filledIn.POSTGRES_MIGRATE_PASSWORD}`,
    worker: `clerk_sync_worker:${filledIn.POSTGRES_WORKER_PASSWORD}`,
  })
  const told = all.filter(([, { environment }]) =>
    JSON.stringify(environment).includes(filledIn.POSTGRES_PASSWORD),
  )
  expect(told.map(([name]) => name)).toEqual(['roles', 'postgres'])
})

const confined = all.filter(([name]) => name === 'roles').concat(apps)

describe.each(confined)('%s', (_, service) => {
  test('has neither rights nor a file system to write to', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
    expect(service.privileged).toBeUndefined()
    // The user is that of the image.
    expect(service.user).toBeUndefined()
  })
})

describe.each(apps)('%s', (name, service) => {
  test('may take longer to stop than the process gives itself', () => {
    expect(seconds(service.stop_grace_period) * 1_000).toBeGreaterThan(defaults.shutdownTimeoutMs)
  })

  test('runs a file that there is', () => {
    const [file = ''] = name === 'cli' ? ['apps/cli/src/main.ts'] : (service.command ?? [])
    expect(file).toMatch(/^apps\//)
    expect(existsSync(join(root, file))).toBe(true)
  })
})

describe.each(running)('%s', (_, service) => {
  test('comes back, tells of its health and keeps its log small', () => {
    expect(service.restart).toBe('unless-stopped')
    expect(service.healthcheck?.test?.[0]).toBe('CMD')
    expect(service.logging?.options).toHaveProperty('max-size')
  })

  test('is open to this machine alone', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/)
  })
})

// Compose refuses the file otherwise, as with -1 or yes without quotes.
test.each(all)('each word of the command of %s is a text', (_, { command = [] }) => {
  for (const word of command) expect(word).toBeTypeOf('string')
})

test.each(all)('%s mounts files that there are', (_, { volumes = [] }) => {
  const paths = volumes.filter((volume) => volume.startsWith('./'))
  for (const path of paths.map((volume) => volume.split(':')[0] ?? '')) {
    expect([path, existsSync(join(root, path))]).toEqual([path, true])
  }
})

test.each(all)('%s has an end to its memory, and an image of a full version', (_, service) => {
  expect(service.mem_limit).toMatch(/^\d+m$/)
  expect(service.image).toMatch(/:v?\d+\.\d+(\.\d+)?$/)
})

test('one service builds the image', () => {
  expect(apps.filter(([, { build }]) => build).map(([name]) => name)).toEqual(['migrate'])
})

test('there may be many workers', () => {
  expect(services['worker']?.ports).toEqual([])
  expect(services['worker']).not.toHaveProperty('container_name')
})

describe('what the processes are given', () => {
  // Fixed by the file: the addresses, and what stop_grace_period is made for.
  const fixed = new Set(['HOST', 'PORT', 'BOARD_PORT', 'OPS_PORT', 'SHUTDOWN_TIMEOUT_MS'])
  const variables = readAppVariables().filter((variable) => !fixed.has(variable.name))
  const given = (name: string) => Object.keys(services[name]?.environment ?? {}).toSorted()

  test.each(['ingest', 'worker', 'console'])('%s is given what it reads, and no more', (name) => {
    const read = variables.filter(({ readers }) => readers.includes(name))
    // With Redis ingest needs no database.
    const isSpared = (one: string) => name === 'ingest' && one === 'DATABASE_URL'
    const names = read.map((one) => one.name).filter((one) => !isSpared(one))
    expect(given(name)).toEqual([...names, ...exporterSecrets].toSorted())
  })

  test('cli is given everything, so that doctor sees what the processes see', () => {
    const names = variables.map((one) => one.name)
    expect(given('cli')).toEqual([...names, ...exporterSecrets].toSorted())
  })

  test('they start with it, on Redis', () => {
    expect(readIngestConfig(services['ingest']?.environment ?? {}).queue.kind).toBe('redis')
    expect(readWorkerConfig(services['worker']?.environment ?? {}).queue.kind).toBe('redis')
    expect(readConsoleConfig(services['console']?.environment ?? {}).queue.kind).toBe('redis')
  })

  test('what .env.example shows reaches them', () => {
    const example = parseEnv(readFileSync(join(root, '.env.example'), 'utf8'))
    const env = readServices({ ...example, ...filledIn, ...login, DELETION_POLICY: 'retain' })
    expect(readWorkerConfig(env['worker']?.environment ?? {}).deletionPolicy).toBe('retain')
  })
})

test('Redis keeps what it acknowledged, refuses when it is full, and has room to rewrite its file', () => {
  const { command = [], mem_limit: limit } = services['redis'] ?? {}
  const option = (name: string) => command[command.indexOf(`--${name}`) + 1]
  expect([option('appendonly'), option('maxmemory-policy')]).toEqual(['yes', 'noeviction'])
  expect(megabytes(limit)).toBeGreaterThan(2 * megabytes(option('maxmemory')))
})

test('neither Prometheus nor Grafana can reach the data', () => {
  for (const [name, { networks }] of all) {
    const expected = { prometheus: false, grafana: false }[name] ?? true
    expect([name, networks.includes('data')]).toEqual([name, expected])
  }
})

test('Prometheus finds every process, by its service, and has its rules', () => {
  const config = readYaml('deploy/prometheus/prometheus.yml') as {
    rule_files: string[]
    scrape_configs: {
      job_name: string
      static_configs?: { targets: string[] }[]
      dns_sd_configs?: { names: string[]; port: number }[]
    }[]
  }
  const targets = config.scrape_configs.map((job) => [
    job.job_name,
    ...(job.static_configs ?? []).flatMap((one) => one.targets),
    ...(job.dns_sd_configs ?? []).flatMap((one) => one.names.map((name) => `${name}:${one.port}`)),
  ])
  const processes = ['ingest', 'worker', 'console']
  expect(targets).toEqual([
    ...processes.map((name) => [name, `${name}:${defaults.opsPort}`]),
    ['prometheus', '127.0.0.1:9090'],
  ])
  for (const file of config.rule_files) {
    expect(existsSync(join(root, 'deploy/prometheus', file))).toBe(true)
  }
})

test('Grafana finds Prometheus, and its dashboards where they are mounted', () => {
  const [source] = (
    readYaml('deploy/grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { uid: string; url: string }[]
    }
  ).datasources
  expect(source).toMatchObject({ uid: 'prometheus', url: 'http://prometheus:9090' })
  const [provider] = (
    readYaml('deploy/grafana/provisioning/dashboards/clerk-sync.yml') as {
      providers: { options: { path: string } }[]
    }
  ).providers
  const path = provider?.options.path ?? ''
  expect(services['grafana']?.volumes).toContain(`./deploy/grafana/dashboards:${path}:ro`)
  const home = services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? ''
  expect(existsSync(join(root, 'deploy/grafana/dashboards', home.slice(path.length)))).toBe(true)
})
