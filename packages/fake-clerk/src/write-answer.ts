import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'
import type { Damage } from './faults/fault.ts'

/** Writes an answer, or as much of it as the damage leaves. */
export function writeAnswer(
  response: ServerResponse,
  { status, body, headers }: Answer,
  { cut, isMalformed }: Pick<Damage, 'cut' | 'isMalformed'>,
  date: Date,
): void {
  const half = cut === 'middle' || isMalformed ? firstHalf(body) : ''
  const sent = isMalformed ? half : body
  // The SDK parses JSON of exactly this type; with a charset behind it, it would hand out text.
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(sent),
    date: date.toUTCString(),
    ...headers,
  })
  if (cut === 'middle') response.write(half, () => response.destroy())
  else response.end(sent)
}

function firstHalf(body: string): string {
  return body.slice(0, Math.ceil(body.length / 2))
}
