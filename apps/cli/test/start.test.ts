import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, listenAnywhere, untilWritten } from '@clerk-sync/testing'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { isPortFree } from '../src/start/start-config.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const stopSignalMs = 10_000

let dir: string
let ports: { PORT: string; OPS_PORT: string; BOARD_PORT: string }
const dirs: string[] = []
async function enterNewDirectory(): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'clerk-sync-start-'))
  dirs.push(dir)
}
beforeAll(async () => {
  await enterNewDirectory()
  const [port, opsPort, boardPort] = [await freePort(), await freePort(), await freePort()]
  ports = { PORT: `${port}`, OPS_PORT: `${opsPort}`, BOARD_PORT: `${boardPort}` }
})
afterAll(() => Promise.all(dirs.map((one) => rm(one, { recursive: true, force: true }))))

function environment(env: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, REDIS_URL: __, CLERK_WEBHOOK_SIGNING_SECRET: ___, ...rest } = process.env
  return { ...rest, ...ports, ...env }
}

interface Started {
  screen: string
  /** All that it has written until now. */
  readAll(): string
  /** Sends the signal and resolves with the exit code and the time that it took. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number; tookMs: number }>
}

async function start(env: Record<string, string> = {}, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [main, 'start', ...args], {
    cwd: dir,
    env: environment(env),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  // Not its exit: what it has written may come later.
  const exited = once(child, 'close') as Promise<[number]>
  let all = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (some: Buffer | string) => (all += some.toString()))
  const screen = await untilWritten(child, 'Ctrl-C stops')
  return {
    screen,
    readAll: () => all,
    async stop(signal = 'SIGINT') {
      const asked = performance.now()
      child.kill(signal)
      const [code] = await exited
      return { code, tookMs: performance.now() - asked }
    },
  }
}

const urlIn = (started: Started | undefined) => started?.screen.match(/postgresql:\/\/\S+/)?.[0]

// The port is another one where a second start runs on this machine.
const passwordIn = (started: Started | undefined) => new URL(urlIn(started) ?? '').password

// An application that is tried out here has what the start screen showed, and keys of Clerk.
async function writeEnvOfApplication(started: Started | undefined): Promise<void> {
  const settings = {
    DATABASE_URL: urlIn(started),
    CLERK_PUBLISHABLE_KEY: 'pk_test_Y2xlcmsuZXhhbXBsZS5jb20k',
    CLERK_SECRET_KEY: 'sk_test_example',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(join(dir, '.env'), lines.join(''))
  onTestFinished(() => rm(join(dir, '.env')))
}

const run = (...args: string[]) => runWith({}, ...args)

function runWith(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { cwd: dir, env: environment(env) },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    )
  })
}

const get = async (port: string, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, text: await response.text() }
}

describe('clerk-sync start, with nothing installed', () => {
  test('shows everything in one screen, takes events, stops within 10 s and finds its data again', async () => {
    const first = await start()
    for (const text of [
      `POST http://127.0.0.1:${ports.PORT}/api/webhooks/clerk`,
      'whsec_',
      `http://127.0.0.1:${ports.BOARD_PORT}  user admin, password `,
      `http://127.0.0.1:${ports.OPS_PORT}/metrics`,
      'postgresql://postgres:',
      'on PostgreSQL',
      'trigger user.created',
    ]) {
      expect(first.screen).toContain(text)
    }
    expect(first.screen.trim().split('\n').length).toBeLessThan(25)
    expect(first.screen).toContain('open to   this machine only')

    expect(await get(ports.OPS_PORT, '/livez')).toMatchObject({ status: 200 })
    const ready = await get(ports.OPS_PORT, '/readyz')
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      200,
      {
        ready: true,
        checks: {
          'worker queue': 'ok',
          'worker database': 'ok',
          'console queue': 'ok',
          'ingest queue': 'ok',
        },
      },
    ])

    const created = await run('trigger', 'user.created', '--id', 'user_kept')
    expect(created.code).toBe(0)
    expect(created.output).toMatch(/answer {3}200 \{"received":true\} {2}after \d/)
    expect(created.output).toMatch(/outcome {2}applied {2}after \d/)
    expect(created.output).toMatch(/clerk\.users\n {2}id +user_kept/)
    expect(created.output).toContain('clerk.email_addresses')
    const metrics = await get(ports.OPS_PORT, '/metrics')
    expect(metrics.text).toContain(
      'clerk_sync_worker_events_total{type="user.created",outcome="applied"} 1',
    )
    expect(metrics.text).toContain(
      'clerk_sync_ingest_requests_total{type="user.created",outcome="accepted"} 1',
    )

    const login = first.screen.match(/password (\S+)/)?.[1]
    const authorization = `Basic ${btoa(`admin:${login}`)}`
    const home = `http://127.0.0.1:${ports.BOARD_PORT}`
    const board = `${home}/board`
    expect((await fetch(board)).status).toBe(401)
    expect((await fetch(board, { headers: { authorization } })).status).toBe(200)
    await expect
      .poll(async () => (await fetch(home, { headers: { authorization } })).text(), {
        timeout: 15_000,
      })
      .toMatch(/all well[^]*worker, console, ingest/)

    for (const again of [await run('start'), await run('start', '--reset', '--yes')]) {
      expect(again).toMatchObject({ code: 1 })
      expect(again.output).toMatch(/runs here already \(process \d+\)/)
    }

    const databasePort = Number(new URL(first.screen.match(/postgresql:\S+/)?.[0] ?? '').port)
    const stopped = await first.stop()
    expect(stopped.code).toBe(0)
    expect(stopped.tookMs).toBeLessThan(stopSignalMs)
    expect(first.readAll()).toMatch(/\nclerk-sync has stopped\n$/)
    expect(await isPortFree(databasePort, '127.0.0.1')).toBe(true)

    await writeEnvOfApplication(first)
    const second = await start()
    expect(second.screen.match(/whsec_\S+/)?.[0]).toBe(first.screen.match(/whsec_\S+/)?.[0])
    expect(passwordIn(second)).toBe(passwordIn(first))
    expect(second.screen).toContain('user admin, password ')
    const updated = await run(
      'trigger',
      'user.updated',
      '--id',
      'user_kept',
      '--data',
      '{"last_name":"King","username":null}',
    )
    expect(updated.output).toMatch(/last_name +King/)
    expect(updated.output).toMatch(/created_at +/)
    const deleted = await run('trigger', 'user.deleted', '--id', 'user_kept')
    expect(deleted.output).toMatch(/outcome {2}deleted/)
    expect(deleted.output).toContain('clerk.tombstones')
    expect((await second.stop('SIGTERM')).code).toBe(0)
  }, 90_000)

  test('trigger sends many events and sums them up, shows a refused secret, and explains a wrong type', async () => {
    const running = await start()
    const many = await run('trigger', 'organization.created', '--count', '50')
    expect(many.code).toBe(0)
    expect(many.output).toMatch(/50 x organization\.created/)
    expect(many.output).toMatch(/answers {3}50 200 {2}p50 /)
    expect(many.output).toMatch(/outcomes {2}50 applied {2}p50 /)

    const refused = await run(
      'trigger',
      'user.created',
      '--secret',
      'whsec_c29tZXRoaW5nIGVsc2UgdGhhbiB0aGUgc2VjcmV0',
    )
    expect(refused.code).toBe(1)
    expect(refused.output).toMatch(/answer {3}400 \{"error":"invalid_signature"\}/)
    expect(refused.output).toContain('--secret')

    const unreadable = await run('trigger', 'user.created', '--data', '{"id":""}')
    expect(unreadable.code).toBe(1)
    expect(unreadable.output).toContain(
      'outcome  failed: user.created has no data.id: nothing to apply it to',
    )
    expect(running.readAll().trim().split('\n').at(-1)).toMatch(
      /^\d\d:\d\d:\d\d error worker: event failed for good: user\.created has no data\.id: nothing to apply it to {2}svixId=msg_\w+ {2}type=user\.created {2}attempt=1$/,
    )

    const noEvent = await run('trigger', 'user.created', '--data', '[]')
    expect(noEvent.output).toMatch(/answer {3}400 \{"error":"invalid_event"\}/)
    expect(noEvent.output).toContain('look at --data')

    const ignored = await run('trigger', 'email.created')
    expect(ignored.output).toMatch(/outcome {2}ignored/)

    const malformed = await run('trigger', 'user.created', '--secret', 'whsec_')
    expect(malformed).toMatchObject({
      code: 1,
      output: expect.stringContaining('whsec_ and base64'),
    })

    const noUrl = await run('trigger', 'user.created', '--url', 'localhost:3000')
    expect(noUrl).toMatchObject({
      code: 1,
      output: expect.stringContaining('--url must be the address of a webhook, as in http'),
    })

    const wrong = await run('trigger', 'user.exploded')
    expect(wrong.code).toBe(1)
    expect(wrong.output).toContain('user.exploded is not an event type of Clerk')
    expect(wrong.output).toContain('organizationMembership.created')

    const notJson = await run('trigger', 'user.created', '--data', '{')
    expect(notJson).toMatchObject({ code: 1, output: 'clerk-sync: --data is not JSON: {\n' })
    await running.stop()

    const nowhere = await run('trigger', 'user.created')
    expect(nowhere.code).toBe(1)
    expect(nowhere.output).toContain('nothing runs here: start it with')
  }, 90_000)

  test('a taken port is one clear line that names the variable, and nothing is left running', async () => {
    const { server, port } = await listenAnywhere('0.0.0.0')
    onTestFinished(() => void server.close())
    await expect(start({ BOARD_PORT: String(port) })).rejects.toThrow(
      `clerk-sync: port ${port} is in use by another process; choose another one, as in BOARD_PORT=${port + 100}`,
    )
    const { PORT } = ports
    await expect(start({ BOARD_PORT: PORT })).rejects.toThrow(
      `clerk-sync: PORT and BOARD_PORT are both ${PORT}: each needs a port of its own`,
    )
  })

  test('a Redis that does not answer is one clear line at once, and so are the settings of all parts', async () => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`
    expect(await runWith({ REDIS_URL }, 'start')).toEqual({
      code: 1,
      output: `clerk-sync: Redis does not answer at REDIS_URL: connect ECONNREFUSED ${REDIS_URL.slice(8)}. Without REDIS_URL the queue lives in PostgreSQL\n`,
    })
    const wrong = await runWith({ PORT: 'http', BATCH_SIZE: '0', BOARD_SHOW_DATA: 'yes' }, 'start')
    expect(wrong.output).toMatch(
      /^clerk-sync: settings are wrong:\n {2}PORT .*\n {2}BATCH_SIZE .*\n {2}BOARD_SHOW_DATA .*\n$/,
    )
  })
})

test('starts again after a crash, also when its old pid belongs to another process now', async () => {
  const first = await start()
  const file = join(dir, '.data', 'running.json')
  const running = JSON.parse(await readFile(file, 'utf8'))
  await first.stop()
  await writeFile(file, JSON.stringify({ ...running, pid: process.pid }))
  const second = await start()
  expect((await second.stop()).code).toBe(0)
}, 60_000)

test('of two starts at once one runs, and the other says so; --reset deletes what it has made, and nothing else', async () => {
  await enterNewDirectory()
  const other = {
    PORT: `${await freePort()}`,
    BOARD_PORT: `${await freePort()}`,
    OPS_PORT: `${await freePort()}`,
  }
  const both = await Promise.allSettled([start(), start(other)])
  const [winner] = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const [loser] = both.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  expect(loser).toMatch(/clerk-sync runs here already \(process \d+\); stop that one first/)
  await winner?.stop()
  expect(await readFile(join(dir, '.data', '.gitignore'), 'utf8')).toBe('*\n')

  const own = join(dir, '.data', 'mine.txt')
  await writeFile(own, 'mine')
  expect(await run('start', '--reset')).toEqual({
    code: 1,
    output: expect.stringMatching(/--reset deletes what is in \S+\.data and asks before/),
  })
  await writeEnvOfApplication(winner)
  const again = await start({}, '--reset', '--yes')
  expect(again.screen).toContain('what start has not made stays: mine.txt')
  expect(passwordIn(again)).toBe(passwordIn(winner))
  expect(again.screen.match(/whsec_\S+/)?.[0]).not.toBe(winner?.screen.match(/whsec_\S+/)?.[0])
  expect(await readFile(own, 'utf8')).toBe('mine')
  await again.stop()
}, 90_000)

test('what it keeps is for its owner alone, also what an earlier release has written', async () => {
  await enterNewDirectory()
  const data = join(dir, '.data')
  await mkdir(data, { mode: 0o755 })
  await writeFile(join(data, 'clerk-sync.log'), 'an old line\n', { mode: 0o644 })
  await writeFile(join(data, 'postgres.log'), 'an old line\n', { mode: 0o644 })
  const running = await start()
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  expect(await modeOf(data)).toBe('700')
  const entries = await readdir(data)
  expect(entries).toEqual(
    expect.arrayContaining(['clerk-sync.log', 'secrets.json', 'running.json']),
  )
  for (const entry of entries) {
    expect([entry, await modeOf(join(data, entry))]).toEqual([
      entry,
      entry === 'postgres' ? '700' : '600',
    ])
  }
  expect((await running.stop()).code).toBe(0)
}, 60_000)

test('without a key of Clerk and without --fake-clerk, backfill and reconcile name both ways', async () => {
  const running = await start()
  for (const command of ['backfill', 'reconcile']) {
    expect(await run(command)).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /CLERK_SECRET_KEY is not set\..*\n.*stop "clerk-sync start" and run "clerk-sync start --fake-clerk 1000"/,
      ),
    })
  }
  await running.stop()
}, 60_000)

test('with REDIS_URL the queue is on Redis', async () => {
  const running = await start({ REDIS_URL: inject('redisUrl') })
  expect(running.screen).toContain('on Redis')
  const created = await run('trigger', 'user.created')
  expect(created.output).toMatch(/outcome {2}applied/)
  expect((await running.stop()).code).toBe(0)
}, 60_000)

test('with --fake-clerk the other commands find an API to read', async () => {
  // After a minute the organizations of the tests above would be drift.
  await enterNewDirectory()
  // As a .env in this directory has it, for start and the commands.
  const running = await start(
    { CLERK_INSTANCE_ID: 'ins_mine', SYNC_ENTITIES: 'users,organizations' },
    '--fake-clerk',
    '120',
  )
  expect(running.screen).toMatch(/Clerk {5}http:\S+ {2}a fake Backend API with 120 users/)
  const before = await run('reconcile', '--entities', 'users,organizations')
  expect(before).toMatchObject({ code: 3, output: expect.stringContaining('drift: 122') })
  const { databaseUrl } = JSON.parse(await readFile(join(dir, '.data', 'running.json'), 'utf8'))
  const DATABASE_URL = databaseUrl.replace('127.0.0.1', 'localhost')
  expect(await runWith({ DATABASE_URL }, 'backfill')).toMatchObject({ code: 0 })
  const after = await run('reconcile')
  expect(after).toMatchObject({ code: 0, output: expect.stringContaining('no drift') })
  // The console has the fake, too. It is an instance of its own, whatever CLERK_INSTANCE_ID is.
  const login = /user (\S+), password (\S+)/.exec(running.screen)?.slice(1) ?? []
  const url = `http://127.0.0.1:${ports.BOARD_PORT}`
  const headers = { authorization: `Basic ${Buffer.from(login.join(':')).toString('base64')}` }
  const pressed = await fetch(`${url}/sync/reconcile`, { method: 'POST', headers })
  expect(pressed.status).toBe(200)
  await expect
    .poll(async () => await (await fetch(url, { headers })).text(), { timeout: 20_000 })
    .toContain('Reconcile done: 0 rows differ')
  const elsewhere = await runWith({ DATABASE_URL: `${DATABASE_URL}_other` }, 'backfill')
  expect(elsewhere).toMatchObject({
    code: 1,
    output: expect.stringContaining('CLERK_SECRET_KEY is not set'),
  })

  const dropped = await runWith({ CLERK_INSTANCE_ID: 'ins_other' }, 'trigger', 'user.created')
  expect(dropped).toMatchObject({
    code: 1,
    output: expect.stringContaining('this one names ins_other'),
  })
  const leftOut = await run('trigger', 'session.created')
  expect(leftOut).toMatchObject({
    code: 0,
    output: expect.stringContaining('nothing of sessions is kept'),
  })
  expect(await run('trigger', 'organization.created')).toMatchObject({ code: 0 })
  expect((await running.stop()).code).toBe(0)
}, 90_000)
