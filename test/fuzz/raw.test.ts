import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createSigningSecret, parseSigningSecrets } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { freePort, startProcess } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { send } from '../chain/send.ts'
import { createRandom, inParallel, runsOr, seed } from './random.ts'
import { buildRawRequest } from './raw-requests.ts'
import type { RawRequest } from './raw-requests.ts'

const runs = runsOr(300)
const main = fileURLToPath(new URL('../../apps/ingest/src/main.ts', import.meta.url))
// Long enough for an answer, far shorter than the timeouts of ingest.
const longestMs = 300

test(
  'raw requests of every odd kind neither end ingest nor make it answer 500',
  async () => {
    process.stdout.write(`${runs} runs, seed ${seed}\n`)
    const [port, opsPort, secret] = [await freePort(), await freePort(), createSigningSecret()]
    const [key] = parseSigningSecrets(secret)
    if (!key) throw new Error('no secret')
    const ingest = startProcess(main, {
      PORT: String(port),
      OPS_PORT: String(opsPort),
      HOST: '127.0.0.1',
      CLERK_WEBHOOK_SIGNING_SECRET: secret,
      REDIS_URL: `${inject('redisUrl')}/7`,
    })
    onTestFinished(() => ingest.kill('SIGKILL'))
    await vi.waitFor(() => expect(ingest.output.stdout).toContain('"msg":"started"'), 60_000)

    const statuses = new Map<string, number>()
    await inParallel(runs, 32, async (number) => {
      const answer = await exchange(port, buildRawRequest(createRandom(seed + number), key))
      for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d+) /gm)) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        expect(`run ${number} of seed ${seed}: ${status}`).toMatch(/: (1..|2..|4..|503)$/)
      }
    })
    const url = `http://127.0.0.1:${port}/api/webhooks/clerk`
    await vi.waitFor(
      async () => expect((await send(url, secret, buildSample('user.created'))).status).toBe(200),
      { timeout: 20_000, interval: 500 },
    )
    expect((await fetch(`http://127.0.0.1:${opsPort}/livez`)).status).toBe(200)
    expect(ingest.output.stderr).toBe('')
    expect(ingest.output.stdout).not.toContain('"level":"error"')
    expect(peakMegabytes(ingest.pid)).toBeLessThan(400)
    // Without this, a generator that only makes nonsense would pass.
    const usual = runs < 200 ? ['400'] : ['200', '400', '404', '405', '413', '431']
    expect([...statuses.keys()]).toEqual(expect.arrayContaining(usual))
  },
  120_000 + runs * 100,
)

/** What is answered, until the connection is closed or nothing more comes. */
async function exchange(port: number, { pieces, hangsUp }: RawRequest): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
  socket.on('error', () => undefined)
  socket.setTimeout(longestMs, () => socket.destroy())
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const piece of pieces) {
    socket.write(piece, 'latin1')
    if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  if (hangsUp) socket.destroy()
  await closed
  return answer
}

function peakMegabytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
