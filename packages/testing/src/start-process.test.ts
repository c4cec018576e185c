import { readFileSync } from 'node:fs'
import { platform } from 'node:os'
import { expect, test } from 'vitest'
import { freePort } from './start-process.ts'

test.runIf(platform() === 'linux')(
  'a free port is none that an outgoing connection can have',
  async () => {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    const [lowest] = range.split('\t').map(Number)
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()))
    for (const port of ports) expect(port + 10_000).toBeLessThan(Number(lowest))
  },
)
