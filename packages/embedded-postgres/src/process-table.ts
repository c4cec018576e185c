import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** A living process; pid and startedAt together identify it, as pids are used again. */
export interface ProcessEntry {
  pid: number
  startedAt: string
  command: string
}

/** Reads one process, or undefined when it has ended or is a zombie that nobody reaps. */
export function readProcess(pid: number): ProcessEntry | undefined {
  // Slim container images have /proc but no ps; macOS has ps but no /proc.
  return existsSync('/proc/self/stat') ? readFromProc(pid) : readFromPs(pid)
}

function readFromProc(pid: number): ProcessEntry | undefined {
  let stat: string
  let command: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return undefined
  }
  // Field 2 is the name in parentheses and may hold spaces; state is field 3, start time field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startedAt] = [fields[0], fields[19]]
  if (state === undefined || startedAt === undefined || 'ZX'.includes(state)) return undefined
  return { pid, startedAt, command }
}

function readFromPs(pid: number): ProcessEntry | undefined {
  const { stdout } = spawnSync(
    'ps',
    ['-o', 'state=', '-o', 'lstart=', '-o', 'command=', '-p', String(pid)],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  )
  const [, state, startedAt, command] =
    /^(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)/.exec(stdout?.trim() ?? '') ?? []
  if (!state || !startedAt || command === undefined || state.startsWith('Z')) return undefined
  return { pid, startedAt, command }
}
