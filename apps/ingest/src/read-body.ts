import type { IncomingMessage, ServerResponse } from 'node:http'

/** The largest body that is read. Svix accepts messages of about 350 kB. */
export const bodyLimitBytes = 512 * 1024

// The number of connections bounds the memory of smaller bodies. They are taken even when large bodies
// of somebody else use up theirs.
// The rest of a small body is read and thrown away, so that its sender sees the answer.
const skippedBodyBytes = 64 * 1024
const none = Buffer.alloc(0)
const smallBodyBytes = 16 * 1024

/** A body that is not read to its end. */
export class BodyRefusedError extends Error {
  override readonly name = 'BodyRefusedError'
  readonly reason: 'body_too_large' | 'body_memory' | 'hung_up'
  constructor(reason: BodyRefusedError['reason'], options?: ErrorOptions) {
    super(reason, options)
    this.reason = reason
  }
}

/** Whether too much of a body may still arrive to be read only to be thrown away. */
export function isTooMuchToSkip({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  const announced = headers['content-length']
  const isChunked = headers['transfer-encoding'] !== undefined
  return announced === undefined ? isChunked : Number(announced) > skippedBodyBytes
}

/** The memory that all bodies share, beyond the first 16 KiB of each. */
export interface BodyMemory {
  /** Whether there was room for so many more bytes. They are counted until the response is closed. */
  take(bytes: number, response: ServerResponse): boolean
}

export function createBodyMemory(maxBytes: number): BodyMemory {
  const taken = new WeakMap<ServerResponse, number>()
  let used = 0
  return {
    take(bytes, response) {
      if (used + bytes > maxBytes) return false
      used += bytes
      const before = taken.get(response)
      taken.set(response, (before ?? 0) + bytes)
      if (before === undefined) {
        response.once('close', () => (used -= taken.get(response) ?? 0))
      }
      return true
    },
  }
}

/**
 * Reads a whole body. Memory is taken as bytes arrive, not as they are announced.
 *
 * @throws {BodyRefusedError} for a body that is too large, or when there is no memory for it, or when the
 * sender hangs up.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  memory: BodyMemory,
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'])
  return new Promise((resolve, reject) => {
    let buffer: Buffer = none
    let length = 0

    function onData(chunk: Buffer): void {
      // As a rule a body arrives in one piece.
      if (length === 0 && chunk.length === announced && announced <= smallBodyBytes) {
        buffer = chunk
        length = announced
        return
      }
      const needed = length + chunk.length
      if (needed > bodyLimitBytes) {
        refuse('body_too_large')
        return
      }
      if (needed > buffer.length && !grow(needed)) {
        refuse('body_memory')
        return
      }
      // Kept as they are, a million chunks of one byte would take 200 MB.
      chunk.copy(buffer, length)
      length = needed
    }

    function grow(needed: number): boolean {
      const size = Math.max(smallBodyBytes, 2 ** Math.ceil(Math.log2(needed)))
      const beyondSmall = size - Math.max(buffer.length, smallBodyBytes)
      if (beyondSmall > 0 && !memory.take(beyondSmall, response)) return false
      const larger = Buffer.allocUnsafeSlow(size)
      buffer.copy(larger, 0, 0, length)
      buffer = larger
      return true
    }

    function refuse(reason: BodyRefusedError['reason']): void {
      request.off('data', onData)
      buffer = none
      reject(new BodyRefusedError(reason))
    }

    request.on('data', onData)
    request.once('end', () => resolve(buffer.subarray(0, length)))
    request.once('error', (cause) => reject(new BodyRefusedError('hung_up', { cause })))
  })
}
