import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { chownSync, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'

// Of util-linux, which Debian, Ubuntu and Fedora always have.
const setprivProgram = 'setpriv'

/** The user that PostgreSQL runs as when we are root, which it refuses to be. */
export interface Account {
  uid: number
  gid: number
  /** Some directory on the way is closed to this user. */
  needsOverride: boolean
}

/**
 * Chooses an existing user for PostgreSQL, or undefined when we are not root.
 *
 * @param paths what that user has to reach, absolute and free of symbolic links
 * @throws EmbeddedPostgresError DATA_DIR_FOREIGN, SETPRIV_MISSING
 */
export function chooseAccount(dataDir: string, paths: string[]): Account | undefined {
  const ownUid = process.getuid?.()
  const owner = readOwnerIds(dataDir)
  if (ownUid !== 0) {
    if (!owner || owner.uid === ownUid) return undefined
    throw new EmbeddedPostgresError(
      'DATA_DIR_FOREIGN',
      `${dataDir} belongs to the user with uid ${owner.uid}: was it made with sudo? ` +
        `Do one of: sudo chown -R ${ownUid} ${dataDir}; remove it.`,
    )
  }
  // The data's owner first: it stays the same when a user named postgres appears, or under sudo.
  const { uid, gid } = owner?.uid ? owner : findPostgresUser()
  const closed = [dataDir, ...paths].map((path) => findClosedParent(path, uid)).find(Boolean)
  if (closed && spawnSync(setprivProgram, ['--version']).status !== 0) {
    throw new EmbeddedPostgresError(
      'SETPRIV_MISSING',
      `PostgreSQL can't run as root, and no other user can enter ${closed}. Do one of: ` +
        `run as a normal user; chmod o+x ${closed}; install setpriv (package util-linux); ` +
        'set DATABASE_URL to a PostgreSQL server of your own.',
    )
  }
  return { uid, gid, needsOverride: closed !== undefined }
}

// All that PostgreSQL's programs see of our environment: no PG* variable may change them.
// Messages in English, times in UTC.
const plainEnvironment = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }

/** Starts one of PostgreSQL's programs as the account's user. */
export function spawnAs(
  account: Account | undefined,
  command: string,
  args: string[],
  options: Pick<SpawnOptions, 'detached' | 'stdio'>,
): ChildProcess {
  // That user may not be allowed to enter our working directory.
  const context: SpawnOptions = { ...options, cwd: '/', env: plainEnvironment }
  if (!account) return spawn(command, args, context)
  const { uid, gid, needsOverride } = account
  if (!needsOverride) return spawn(command, args, { ...context, uid, gid })
  // CAP_DAC_OVERRIDE because Docker grants it to root by default, unlike CAP_DAC_READ_SEARCH.
  // no_setuid_fixup because access(2), with which PostgreSQL looks for its own programs, otherwise
  // ignores the capabilities of a user that is not root.
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  const setpriv = [...identity, ...capability, '--securebits=+no_setuid_fixup', '--', command]
  return spawn(setprivProgram, [...setpriv, ...args], context)
}

/** Makes the account's user the owner of a file or directory. */
export function giveTo(account: Account | undefined, path: string): void {
  if (account) chownSync(path, account.uid, account.gid)
}

function readOwnerIds(dataDir: string): { uid: number; gid: number } | undefined {
  return existsSync(dataDir) ? statSync(dataDir) : undefined
}

function findPostgresUser(): { uid: number; gid: number } {
  return readPasswdIds('postgres') ?? readPasswdIds('nobody') ?? { uid: 65534, gid: 65534 }
}

function readPasswdIds(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined
}

function findClosedParent(path: string, uid: number): string | undefined {
  const parent = dirname(path)
  if (parent === path) return undefined
  const { mode, uid: owner } = statSync(parent)
  const execute = owner === uid ? 0o100 : 0o001
  return (mode & execute) === 0 ? parent : findClosedParent(parent, uid)
}
