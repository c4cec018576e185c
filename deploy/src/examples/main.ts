// pnpm test:examples: installs, builds and runs the applications in examples/, each for itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { providePostgres } from '@clerk-sync/testing'
import { packAll } from '../npm/pack.ts'
import { readNpmPackages } from '../npm/build.ts'
import { listExamples, tryExample } from './try-example.ts'

const usage = `Packs the library, and installs, builds and runs the applications in examples/ with it.

  pnpm test:examples [name …]

  name     one of ${listExamples().join(', ')}; all unless given
  --help   this text

Each is copied out of the repository, installed with npm, type-checked, built and started as in
production. Then it is sent signed events and wrong ones, and its rows are read from PostgreSQL.
`

process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
try {
  const args = process.argv.slice(2)
  const { values, positionals } = parseArgs({
    // pnpm passes the dashes on that end its own arguments.
    args: args[0] === '--' ? args.slice(1) : args,
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  })
  const unknown = positionals.find((name) => !listExamples().includes(name))
  if (unknown !== undefined) throw new Error(`there is no example ${unknown}`)
  if (values.help) process.stdout.write(usage)
  else process.exitCode = await tryAll(positionals.length > 0 ? positionals : listExamples())
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}

async function tryAll(names: readonly string[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'clerk-sync-tarballs-'))
  const postgres = await providePostgres()
  const results: { name: string; isFine: boolean; seconds: number }[] = []
  try {
    const [library] = readNpmPackages()
    const [tarball = ''] = await packAll(directory, [library])
    for (const name of names) {
      const began = performance.now()
      const isFine = await tryOne(name, { tarball, postgresUrl: postgres.url })
      results.push({ name, isFine, seconds: (performance.now() - began) / 1_000 })
    }
  } finally {
    await postgres.stop()
    rmSync(directory, { recursive: true })
  }
  const lines = results.map(
    ({ name, isFine, seconds }) =>
      `${isFine ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s\n`,
  )
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0)
  process.stdout.write(
    `\n${lines.join('')}        ${'together'.padEnd(16)} ${total.toFixed(1).padStart(6)} s\n`,
  )
  return results.every(({ isFine }) => isFine) ? 0 : 1
}

async function tryOne(
  name: string,
  trial: { tarball: string; postgresUrl: string },
): Promise<boolean> {
  process.stdout.write(`\n${name}\n`)
  try {
    await tryExample(name, {
      ...trial,
      onStep: (step, seconds) =>
        void process.stdout.write(`  ${step.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s\n`),
    })
    return true
  } catch (error) {
    process.stdout.write(`  FAILED: ${(error as Error).message}\n`)
    return false
  }
}
