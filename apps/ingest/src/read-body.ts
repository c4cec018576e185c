import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyLimitBytes } from '@clerk-sync/events'
import type { BodyRefused } from '@clerk-sync/events'

// The number of connections bounds the memory of smaller bodies. They are taken even when large bodies
// of somebody else use up theirs.
// The rest of a small body is read and thrown away, so that its sender sees the answer.
const skippedBodyBytes = 64 * 1024
const none = Buffer.alloc(0)
const smallBodyBytes = 16 * 1024

/** A body that is not read to its end. */
export class BodyRefusedError extends Error {
  override readonly name = 'BodyRefusedError'
  readonly reason: BodyRefused
  constructor(reason: BodyRefused, options?: ErrorOptions) {
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
  /** Whether there was room for so many more bytes. */
  take(bytes: number): boolean
  give(bytes: number): void
}

export function createBodyMemory(maxBytes: number): BodyMemory {
  let used = 0
  return {
    take(bytes) {
      if (used + bytes > maxBytes) return false
      used += bytes
      return true
    },
    give: (bytes) => void (used -= bytes),
  }
}

/**
 * Reads a whole body. Memory is taken as bytes arrive, not as they are announced, and given back when
 * the response is closed: the body is empty from then on.
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
    let buffer = none
    let length = 0

    function onData(chunk: Buffer): void {
      const needed = length + chunk.length
      // As a rule a body arrives in one piece.
      if (needed === announced && length === 0 && announced <= smallBodyBytes) {
        request.off('end', onEnd)
        request.once('end', () => resolve(chunk))
      } else if (needed > bodyLimitBytes) refuse('body_too_large')
      else if (needed > buffer.length && !grow(needed)) refuse('body_memory')
      else {
        // Kept as they are, a million chunks of one byte would take 200 MB.
        chunk.copy(buffer, length)
        length = needed
      }
    }

    function grow(needed: number): boolean {
      const size = Math.max(smallBodyBytes, 2 ** Math.ceil(Math.log2(needed)))
      if (!memory.take(size - Math.max(buffer.length, smallBodyBytes))) return false
      if (buffer === none) response.once('close', free)
      const larger = Buffer.allocUnsafeSlow(size)
      buffer.copy(larger, 0, 0, length)
      freeAtOnce(buffer)
      buffer = larger
      return true
    }

    function free(): void {
      memory.give(Math.max(0, buffer.length - smallBodyBytes))
      freeAtOnce(buffer)
      buffer = none
    }

    function refuse(reason: BodyRefusedError['reason']): void {
      request.off('data', onData)
      free()
      reject(new BodyRefusedError(reason))
    }

    const onEnd = () => resolve(buffer.subarray(0, length))
    request.on('data', onData)
    request.once('end', onEnd)
    request.once('error', (cause) => reject(new BodyRefusedError('hung_up', { cause })))
  })
}

// The engine frees a buffer when it next collects garbage, and an idle process does not collect any.
function freeAtOnce({ buffer, length }: Buffer<ArrayBuffer>): void {
  if (length > 0) buffer.transfer(0)
}
