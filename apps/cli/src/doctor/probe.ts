import { checkTimeoutMs } from './run-checks.ts'

// The check gives up before, in its own words.
const abortAfterMs = checkTimeoutMs + 500

// Enough to know it by; nobody knows what answers there.
const mostBytes = 4_096

/** What answered to a body without a signature. */
export interface Knock {
  readonly status: number
  /** `error` of a JSON body. */
  readonly error: string | undefined
  /** The title of a page, or the beginning of any other body. */
  readonly text: string
  readonly server: string | undefined
  readonly location: string | undefined
}

/** Posts a body without a signature. @throws when nothing answers. */
export async function probe(url: string): Promise<Knock> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'clerk-sync-doctor' },
    body: '{}',
    redirect: 'manual',
    signal: AbortSignal.timeout(abortAfterMs),
  })
  const body = await readBeginning(response)
  return {
    status: response.status,
    error: /^\{"error":"(\w+)"\}$/.exec(body)?.[1],
    text: /<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? body,
    server: response.headers.get('server') ?? undefined,
    location: response.headers.get('location') ?? undefined,
  }
}

async function readBeginning(response: Response): Promise<string> {
  if (!response.body) return ''
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body) {
    parts.push(part)
    size += part.length
    if (size >= mostBytes) break
  }
  return Buffer.concat(parts).subarray(0, mostBytes).toString()
}
