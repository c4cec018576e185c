import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const downloadTimeoutMs = 120_000

/** The directory that packages were unpacked into, and where their libraries are below it. */
export interface Unpacked {
  root: string
  libraryPath: string
}

/**
 * Unpacks packages of Debian or Ubuntu with the libraries that this system lacks, without installing
 * anything; works for normal users too. What an earlier call left in `cache` is used. With
 * `backports` the backports of this release are searched, too.
 *
 * @throws Error when this is another system or the packages can't be had
 */
export async function unpackDebianPackages(
  packages: readonly string[],
  cache: string,
  { backports = false } = {},
): Promise<Unpacked> {
  if (!existsSync(cache)) {
    const staging = `${cache}.${process.pid}.${randomBytes(4).toString('hex')}`
    try {
      await download(packages, staging, backports)
      await rename(staging, cache)
    } catch (cause) {
      // Another run may have been faster.
      if (!existsSync(cache)) throw explain(packages, cause)
    } finally {
      await rm(staging, { recursive: true, force: true })
    }
  }
  const libraryPath = (await findLibraryDirectories(cache)).join(delimiter)
  return { root: cache, libraryPath }
}

async function download(
  packages: readonly string[],
  target: string,
  backports: boolean,
): Promise<void> {
  const work = join(target, 'apt')
  await mkdir(join(work, 'lists/partial'), { recursive: true })
  await mkdir(join(work, 'cache/archives/partial'), { recursive: true })
  const options = ['Debug::NoLocking=true', 'APT::Sandbox::User=root', 'Acquire::Retries=1']
  if (backports) options.push(`Dir::Etc::SourceList=${await listBackports(work)}`)
  try {
    await downloadPackages(packages, work, options)
  } catch {
    // The system's package lists are missing or too old: fetch some of our own.
    const own = [`Dir::State::Lists=${work}/lists`, `Dir::Cache=${work}/cache`]
    await aptGet(work, [...options, ...own], 'update')
    await downloadPackages(packages, work, [...options, ...own])
  }
  for (const file of await readdir(work)) {
    if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(work, file), target])
  }
  await rm(work, { recursive: true })
}

// From the place that the release itself comes from.
async function listBackports(work: string): Promise<string> {
  const format = '$(SITE) $(CODENAME)-backports $(COMPONENT)'
  const targets = await aptGet(work, [], 'indextargets', '--format', format)
  const release = targets.split('\n').filter((line) => /^\S+ [a-z]+-backports main$/.test(line))
  const given = await readFile('/etc/apt/sources.list', 'utf8').catch(() => '')
  const file = join(work, 'sources.list')
  await writeFile(file, [given, ...new Set(release.map((line) => `deb ${line}`)), ''].join('\n'))
  return file
}

async function downloadPackages(
  packages: readonly string[],
  work: string,
  options: string[],
): Promise<void> {
  const install = ['install', '--simulate', '--no-install-recommends', ...packages]
  const plan = await aptGet(work, options, ...install)
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '')
  // The rest of the plan (users, services, what browsers run) only matters to an installation.
  const libraries = missing.filter((name) => /^(lib(?!js-)|lua)/.test(name))
  await aptGet(work, options, 'download', ...new Set([...packages, ...libraries]))
}

async function aptGet(cwd: string, options: string[], ...args: string[]): Promise<string> {
  const flags = options.flatMap((option) => ['-o', option])
  const { stdout } = await run('apt-get', ['-q', ...flags, ...args], {
    cwd,
    env: { ...process.env, LC_ALL: 'C' },
    timeout: downloadTimeoutMs,
  })
  return stdout
}

async function findLibraryDirectories(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const libraries = entries.filter((entry) => /\.so(\.|$)/.test(entry.name))
  return [...new Set(libraries.map((entry) => entry.parentPath))]
}

function explain(packages: readonly string[], cause: unknown): Error {
  const { code, message } = cause as NodeJS.ErrnoException
  const reason = code === 'ENOENT' ? 'this is not Debian or Ubuntu' : message.trim()
  return new Error(`can't unpack Debian's ${packages.join(', ')}: ${reason}`, { cause })
}
