import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { retry } from '@clerk-sync/ops'
import { findPrometheus } from './prometheus-programs.ts'
import { freePort } from './start-process.ts'

const startTimeoutMs = 60_000
const pollMs = 50

// The shell ends Prometheus when our end of its input closes: however this process dies.
const supervisor = '"$@" & server=$!; read -r line; kill $server; wait $server'

/** A series and its value at the moment of the query. */
interface Sample {
  labels: Record<string, string>
  value: number
}

export interface PrometheusServer {
  url: string
  /**
   * Evaluates an expression at this moment.
   *
   * @throws Error with Prometheus's own words when it can't
   */
  query: (expression: string) => Promise<Sample[]>
  stop(): Promise<void>
}

/**
 * Starts Prometheus on a free port of 127.0.0.1 with its data in a temporary directory.
 *
 * @param config its configuration file, as text
 * @throws Error with its log when it does not answer in 60 s
 */
export async function startPrometheus(config: string): Promise<PrometheusServer> {
  const { prometheus } = await findPrometheus()
  const port = await freePort('127.0.0.1')
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-prometheus-'))
  await writeFile(join(dir, 'prometheus.yml'), config)
  const args = [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ]
  const shell = spawn('sh', ['-c', supervisor, 'prometheus', prometheus, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let log = ''
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(shell, 'exit')
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    shell.stdin.end()
    await exited
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await retry(() => assertReady(url), { firstDelayMs: pollMs, timeoutMs: startTimeoutMs })
  } catch (cause) {
    await stop()
    throw new Error(`Prometheus did not start:\n${log}`, { cause })
  }
  return { url, query: (expression) => query(url, expression), stop }
}

async function assertReady(url: string): Promise<void> {
  const { ok, status } = await fetch(`${url}/-/ready`)
  if (!ok) throw new Error(`/-/ready answered ${status}`)
}

async function query(url: string, expression: string): Promise<Sample[]> {
  const body = new URLSearchParams({ query: expression })
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
  const answer = (await response.json()) as
    | { status: 'error'; error: string }
    | {
        status: 'success'
        data: { result: { metric: Record<string, string>; value: [number, string] }[] }
      }
  if (answer.status === 'error') throw new Error(`${answer.error} in ${expression}`)
  return answer.data.result.map(({ metric, value: [, value] }) => ({
    labels: metric,
    value: Number(value),
  }))
}
