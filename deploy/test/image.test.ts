import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger, createOpsServer } from '@clerk-sync/ops/process'
import { createRegistry } from '@clerk-sync/ops/metrics'
import { afterEach, expect, test } from 'vitest'
import { readManifest } from '../src/npm/build.ts'
import { root } from './read-compose.ts'

const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))

test('the image runs as a user with a number, from a base without a package manager for Node.js', () => {
  expect(final).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m)
  expect(final).toMatch(/^\nFROM debian:13\.\d+-slim\n/)
  // Whatever installs or compiles stays in the stages before.
  expect(final).not.toMatch(/npm|apt-get|turbo/)
})

test('the Node.js in it is the one that the tests run on', () => {
  const { devDependencies = {} } = readManifest('.')
  expect(dockerfile).toContain(`\nFROM node:${devDependencies['node']}-trixie-slim AS build\n`)
})

test('what it copies of the repository is there and is sent to the builder', () => {
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const copied = Array.from(
    dockerfile.matchAll(/^COPY (?!--from)(\S+) /gm),
    ([, path = '']) => path,
  )
  const files = copied.filter((path) => path !== '.')
  expect(files).toContain('deploy/healthcheck.js')
  for (const file of files) {
    expect(existsSync(join(root, file))).toBe(true)
    expect(ignore).toContain(`!${file}`)
  }
})

test('the SBOM is made of what is installed in the image, and is where the documents say', () => {
  const stage = dockerfile
    .split('\nFROM ')
    .find((text) => text.includes('\nRUN pnpm docs:sbom --no-optional'))
  expect(stage).toContain('pnpm install --frozen-lockfile --ignore-scripts --prod --no-optional')
  const workdir = /^WORKDIR (.+)$/m.exec(final)?.[1]
  expect(final).toMatch(/^COPY --from=app .*\/app\/sbom\.cdx\.json \.\/$/m)
  for (const file of ['docs/security.md', 'docs/deploy.md', 'CHANGELOG.md']) {
    expect(readFileSync(join(root, file), 'utf8')).toContain(`\`${workdir}/sbom.cdx.json\``)
  }
})

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

test('the health check passes while the process can do its work', async () => {
  const port = await serve(() => Promise.resolve())
  expect(await checkHealth(port, '/livez')).toEqual({ code: 0, output: '{"live":true}' })
  expect(await checkHealth(port, '/readyz')).toMatchObject({ code: 0 })
})

test('it fails and says why while the process waits for something, or has ended', async () => {
  const port = await serve(() => Promise.reject(new Error('the queue is unavailable')))
  expect(await checkHealth(port)).toMatchObject({ code: 0 })
  const waiting = await checkHealth(port, '/readyz')
  expect(waiting).toMatchObject({
    code: 1,
    output: expect.stringContaining('the queue is unavailable'),
  })
  for (const close of closers.splice(0)) await close()
  expect(await checkHealth(port)).toMatchObject({
    code: 1,
    output: expect.stringContaining('ECONNREFUSED'),
  })
})

async function serve(run: () => Promise<void>): Promise<number> {
  const server = await createOpsServer({
    port: 0,
    host: '127.0.0.1',
    registry: createRegistry(['ingest']),
    logger: createLogger({ name: 'test', level: 'silent' }),
    checks: () => [{ name: 'queue', run }],
  })
  closers.push(() => server.close())
  return server.port
}

function checkHealth(port: number, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'deploy/healthcheck.js'), ...args],
      { env: { OPS_PORT: String(port) } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    )
  })
}
