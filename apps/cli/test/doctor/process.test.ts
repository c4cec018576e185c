import { createFaultProxy, freePort } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { changed, createSettings, serve } from './scene.ts'
import { emptyDirectory, runDoctor, startIn } from './run-doctor.ts'

const endless = 60_000

describe('clerk-sync doctor', () => {
  test('without a problem it ends with 0, warnings or not, in plain text', async () => {
    const { code, stdout, stderr } = await runDoctor(
      [],
      await createSettings(),
      await emptyDirectory(),
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^clerk-sync with the settings of this environment\n\nok {7}settings of/)
    expect(stdout).toMatch(/\nwarning {2}last event +none yet\n {9}cause {2}.+\n {9}cure {3}.+\n/)
    expect(stdout).toMatch(/\n0 problems, 1 warning, \d+ ok, 1 skipped\n$/)
    // oxlint-disable-next-line no-control-regex -- colours begin with it
    expect(stdout).not.toMatch(/[\u001B✓✗]/)
  })

  test('with a problem it ends with 1, and --json says the same to machines', async () => {
    const env = { ...(await createSettings()), CLERK_INSTANCE_ID: 'ins_other' }
    const { code, stdout } = await runDoctor(['--json'], env, await emptyDirectory())
    expect(code).toBe(1)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      ok: false,
      subject: 'clerk-sync with the settings of this environment',
    })
    expect(report.checks).toContainEqual({
      name: 'instance',
      status: 'problem',
      found: 'CLERK_SECRET_KEY is of ins_test, CLERK_INSTANCE_ID is ins_other',
      cause: [expect.stringContaining('ingest drops')],
      cure: expect.stringContaining('same instance'),
    })
    expect(report.checks).toContainEqual({ name: 'tables', status: 'ok', found: 'up to date' })
  })

  test.each([
    ['example.com', 'clerk-sync: --url must be an https:// URL\n'],
    [
      'https://me:sentinel@example.com',
      'clerk-sync: --url must not have a user or a password: Clerk sends none\n',
    ],
  ])('--url %s is refused', async (url, stderr) => {
    expect(await runDoctor(['--url', url], {}, await emptyDirectory())).toEqual({
      code: 1,
      stdout: '',
      stderr,
    })
  })

  test('silent servers do not delay the report for long', async () => {
    const { hostname, port } = new URL(inject('databaseUrl'))
    const proxy = await createFaultProxy({ host: hostname, port: Number(port) })
    onTestFinished(() => proxy.close())
    proxy.freeze()
    const silent = await serve(() => undefined)
    const began = performance.now()
    const { code, stdout } = await runDoctor(
      ['--url', silent],
      {
        DATABASE_URL: `postgresql://app:pw@127.0.0.1:${proxy.port}/app`,
        REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
        CLERK_API_URL: silent,
      },
      await emptyDirectory(),
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/problem {2}database +no answer (within 5 s|in time)/)
    expect(stdout).toMatch(/problem {2}queue +.*(no answer|ETIMEDOUT|timed out)/)
    expect(stdout).toMatch(/problem {2}endpoint +\S+ no answer within 5 s/)
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test(
    'without settings it takes those of what runs here',
    async () => {
      const dir = await emptyDirectory()
      const [PORT, OPS_PORT, BOARD_PORT] = [
        String(await freePort()),
        String(await freePort()),
        String(await freePort()),
      ]
      await startIn(dir, { PORT, OPS_PORT, BOARD_PORT })
      const CLERK_API_URL = await serve((_, response) => response.end())
      const { code, stdout } = await runDoctor([], { CLERK_API_URL }, dir)
      expect(stdout).toMatch(/^clerk-sync as "start" runs it here \(process \d+\)\n/)
      expect(stdout).toMatch(/ok +settings of ingest +complete\n/)
      expect(stdout).toMatch(/ok +settings of console +complete\n/)
      expect(stdout).toMatch(/ok +queue +in PostgreSQL, tables up to date\n/)
      expect(stdout).toContain(`ingest answers at http://127.0.0.1:${PORT}/api/webhooks/clerk\n`)
      expect(code).toBe(0)

      // Another database in the environment is another deployment.
      const DATABASE_URL = changed(inject('databaseUrl'), (url) => (url.pathname = '/nowhere'))
      const other = await runDoctor([], { CLERK_API_URL, DATABASE_URL }, dir)
      expect(other.stdout).toMatch(/^clerk-sync with the settings of this environment\n/)
      expect(other.code).toBe(1)
    },
    endless,
  )
})
