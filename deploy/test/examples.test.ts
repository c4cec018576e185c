import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { listExamples, tryExample } from '../src/examples/try-example.ts'
import { readManifest, readNpmPackages } from '../src/npm/build.ts'
import { packAll } from '../src/npm/pack.ts'

const timeoutMs = 300_000

const directory = mkdtempSync(join(tmpdir(), 'clerk-sync-tarballs-'))
let tarball = ''
beforeAll(async () => {
  const [library] = readNpmPackages()
  ;[tarball = ''] = await packAll(directory, [library])
}, timeoutMs)
afterAll(() => rmSync(directory, { recursive: true }))

// The others need minutes: `pnpm test:examples` tries them all.
test.each(['express', 'fastify', 'hono'])(
  'the example %s writes signed events, refuses all others, and shows the user',
  async (name) => {
    const steps: string[] = []
    const onStep = (step: string) => void steps.push(step)
    await tryExample(name, { tarball, postgresUrl: inject('databaseUrl'), onStep })
    expect(steps).toEqual(['install', 'build', 'run'])
  },
  timeoutMs,
)

test('each example installs this release and exact versions', () => {
  const { version } = readManifest('.')
  for (const name of listExamples()) {
    const { dependencies = {}, devDependencies = {} } = readManifest(`examples/${name}`)
    expect([name, dependencies['clerk-sync']]).toEqual([name, version])
    const ranges = Object.entries({ ...dependencies, ...devDependencies })
    expect(ranges.filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(range))).toEqual([])
  }
})

test('docs/in-your-app.md lists each example', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/in-your-app.md'), 'utf8')
  expect(listExamples().filter((name) => !page.includes(`(../examples/${name})`))).toEqual([])
})
