import type { RunResult } from './run.ts'

/** Why a run is not good, a line for each reason; nothing when it is. */
export function problemsOf(result: RunResult): string[] {
  const { findings, injection, crashes, lossesSeen, lossesNamed } = result
  const unacknowledged = findings.published - findings.acknowledged
  const unrecovered = [...(injection?.counts ?? [])].filter(([, count]) => count.unrecovered > 0)
  return [
    ...findings.lost.map((one) => `lost: ${one}`),
    ...findings.wrong.map((row) => `wrong row: ${row}`),
    ...findings.problems,
    ...(unacknowledged > 0 ? [`${unacknowledged} events were never answered 2xx`] : []),
    // None is expected by design: a fault of a process, a server or the network costs no event all of
    // its attempts, and no event of the history is one that can't be applied.
    ...findings.failed.map((line) => `left in the failed set: ${line}`),
    ...(injection?.problems ?? []),
    ...unrecovered.map(([kind, count]) => `${kind}: ${count.unrecovered} times no recovery seen`),
    ...crashes,
    ...(lossesNamed < lossesSeen
      ? [
          `Redis was lost ${lossesSeen} times where a process could notice; ${lossesNamed} log lines say so`,
        ]
      : []),
  ]
}
