import type { Sample } from './measure.ts'
import type { RunResult } from './run.ts'
import { problemsOf } from './verdict.ts'

const mostMessages = 25

/** The result of a run as text. */
export function renderReport(result: RunResult): string {
  const { findings, svix, peaks, injection } = result
  const problems = problemsOf(result)
  const lines = [
    '',
    `chaos on ${result.backend}, seed ${result.seed}, ${result.seconds} s: ${problems.length === 0 ? 'good' : 'FAILED'}`,
    '',
    `  events sent            ${findings.published}, in ${svix.attempts} requests, ${svix.redeliveries} sent again after a 2xx`,
    `  acknowledged           ${findings.acknowledged}`,
    `  in the ledger          ${findings.inLedger}`,
    `  lost with Redis        ${findings.lostWithRedis}, repaired by reconcile (losses: ${result.redisLosses}, ${result.lossesSeen} while a process ran that could notice; named in ${result.lossesNamed} log lines)`,
    `  lost                   ${findings.lost.length}`,
    `  wrong rows             ${findings.wrong.length}`,
    `  failed set             ${findings.failed.length === 0 ? 'empty' : ''}`,
    ...findings.failed.map((line) => `    ${line}`),
    `  answers                ${[...svix.statuses].map(([status, count]) => `${status || 'none'}: ${count}`).join(', ')}`,
    `  worst acknowledgement  ${svix.worstAckMs} ms in one request, ${svix.worstUntilAckMs} ms with retries`,
    `  most memory            ${perRole(peaks.megabytes, 'MB')}, Redis ${peaks.redisMegabytes} MB`,
    `  most handles           ${perRole(peaks.handles, '')}`,
  ]
  if (injection) {
    lines.push('', '  fault                                 times   recovery: median   worst')
    for (const [kind, { played, recoveriesMs, unrecovered }] of injection.counts) {
      const sorted = recoveriesMs.toSorted((a, b) => a - b)
      const median = sorted[Math.floor(sorted.length / 2)]
      const times = [String(played).padStart(5), seconds(median).padStart(19)]
      const end = unrecovered > 0 ? `  (${unrecovered} not seen)` : ''
      lines.push(`  ${kind.padEnd(38)}${times.join('')}${seconds(sorted.at(-1)).padStart(8)}${end}`)
    }
    for (const [kind, reason] of injection.leftOut) lines.push(`  ${kind}: left out, ${reason}`)
    for (const kind of injection.untouched)
      lines.push(`  ${kind}: not played, its turn did not come`)
  } else lines.push('', ...renderSamples(peaks.samples))
  const logged = [...result.messages].toSorted(([, a], [, b]) => b - a).slice(0, mostMessages)
  lines.push('', '  warnings and errors that the processes logged')
  for (const [message, count] of logged) lines.push(`  ${String(count).padStart(7)}  ${message}`)
  if (problems.length > 0) lines.push('', '  problems', ...problems.map((line) => `    ${line}`))
  return lines.join('\n')
}

/** The same for machines. */
export function toJson(result: RunResult): object {
  const { injection, svix } = result
  const problems = problemsOf(result)
  return {
    ...result,
    isGood: problems.length === 0,
    problems,
    svix: { ...svix, statuses: Object.fromEntries(svix.statuses) },
    messages: Object.fromEntries(result.messages),
    ...(injection
      ? {
          injection: {
            counts: Object.fromEntries(injection.counts),
            leftOut: Object.fromEntries(injection.leftOut),
            untouched: injection.untouched,
            problems: injection.problems,
          },
        }
      : {}),
  }
}

const columns = [
  ['seconds', 'seconds'],
  ['ingestMegabytes', 'ingest MB'],
  ['ingestHandles', 'handles'],
  ['workerMegabytes', 'worker MB'],
  ['workerHandles', 'handles'],
  ['redisMegabytes', 'Redis MB'],
  ['tableMegabytes', 'tables MB'],
  ['liveRows', 'live rows'],
  ['deadRows', 'dead rows'],
] as const satisfies readonly (readonly [keyof Sample, string])[]

function renderSamples(samples: readonly Sample[]): string[] {
  const row = (cells: readonly string[]) => `  ${cells.map((cell) => cell.padStart(10)).join('')}`
  return [
    row(columns.map(([, title]) => title)),
    ...samples.map((sample) => row(columns.map(([field]) => String(sample[field])))),
  ]
}

const perRole = (all: Record<string, number>, unit: string) =>
  Object.entries(all)
    .map(([role, value]) => `${role} ${value} ${unit}`.trim())
    .join(', ')

const seconds = (ms: number | undefined) =>
  ms === undefined ? '-' : `${(ms / 1_000).toFixed(1)} s`
