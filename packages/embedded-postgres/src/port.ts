import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { EmbeddedPostgresError } from './error.ts'

/**
 * Checks that nothing listens on 127.0.0.1:port, and returns it; for 0 returns a free one.
 *
 * @throws EmbeddedPostgresError PORT_TAKEN
 */
export async function choosePort(port: number): Promise<number> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const reason = taken ? 'is taken by another program' : `can't be used: ${String(cause)}`
    throw new EmbeddedPostgresError(
      'PORT_TAKEN',
      `Port ${port} on 127.0.0.1 ${reason}; stop that program or choose another port.`,
      { cause },
    )
  }
  const address = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return address.port
}
