import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { mountDisk } from './disk.ts'
import type { Disk } from './disk.ts'

function tryToMount(dir: string): Disk | undefined {
  try {
    return mountDisk(dir)
  } catch {
    return undefined
  }
}

test('a disk is filled and freed while somebody writes to it', async ({ skip }) => {
  const parent = mkdtempSync(join(tmpdir(), 'clerk-sync-disk-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const dir = join(parent, 'disk')
  const disk = tryToMount(dir)
  if (!disk) {
    skip('only root may mount a disk')
    return
  }
  onTestFinished(() => disk.close())
  const writer = spawn(
    'sh',
    ['-c', 'while :; do echo 0123456789 >> "$0"; done', join(dir, 'file')],
    {
      stdio: 'ignore',
    },
  )
  onTestFinished(() => void writer.kill('SIGKILL'))
  const free = () => statfsSync(dir).bfree
  const before = free()
  await vi.waitFor(() => expect(free()).toBeLessThan(before), 10_000)
  for (let round = 0; round < 10; round += 1) {
    disk.fill()
    await vi.waitFor(() =>
      expect(() => writeFileSync(join(dir, 'more'), 'x'.repeat(65_536))).toThrow('ENOSPC'),
    )
    disk.free()
    writeFileSync(join(dir, 'more'), 'x')
  }
})
