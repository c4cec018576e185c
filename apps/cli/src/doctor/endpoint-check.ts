import { fetchCause } from '../terminal/text.ts'
import { doctorUserAgent } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import type { Check, Finding } from './check.ts'
import type { Quote } from './wording.ts'
import { abortRequestMs } from './check.ts'

const path = '/api/webhooks/clerk'

/** Checks that ingest answers at this URL: only ingest refuses a body without a signature in this way. */
export function endpointCheck(url: string, quote: Quote): Check {
  return {
    name: 'endpoint',
    run: async () => judge(url, await probe(url), quote),
    onError: (_, error) => {
      const cause = fetchCause(error)
      return {
        status: 'problem',
        found: `${shown(url)} ${quote(errorMessage(cause))}`,
        ...explainConnection(cause),
      }
    },
  }
}

function judge(url: string, answer: ProbeAnswer, quote: Quote): Finding {
  const { protocol, hostname } = new URL(url)
  if (answer.status !== 400 || answer.error !== 'invalid_signature') {
    const said = answer.text === '' ? '' : ` “${quote(answer.text)}”`
    const from = answer.server === undefined ? '' : ` from ${quote(answer.server)}`
    const found = `${shown(url)} answers ${answer.status}${from}${said}`
    return { status: 'problem', found, ...explain(answer, quote) }
  }
  const found = `ingest answers at ${shown(url)}`
  if (protocol === 'https:' || isLocal(hostname)) return { status: 'ok', found }
  return {
    status: 'warning',
    found,
    cause: 'without TLS, whoever is on the way can read the events',
    cure: 'put TLS in front of ingest, and give Clerk the https:// URL',
  }
}

// A query may hold a token.
function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}

function explain(answer: ProbeAnswer, quote: Quote): { cause: string; cure: string } {
  const { status } = answer
  if (status >= 200 && status < 300) {
    return {
      cause: 'this is not ingest: it took a body that nobody signed, and Clerk would call it done',
      cure: `give the URL of ingest, with the path ${path}, here and in the Clerk Dashboard`,
    }
  }
  if (status >= 300 && status < 400) {
    const target = answer.location === undefined ? 'elsewhere' : `to ${quote(answer.location)}`
    return {
      cause: `it redirects ${target}; a redirect is a failed delivery`,
      cure: 'give the URL that answers by itself, here and in the Clerk Dashboard',
    }
  }
  if (status === 401 || status === 403 || status === 407) {
    return {
      cause: 'something in front of ingest asks for a login, or lets only some addresses through',
      cure: `let POST ${path} through without a login: ingest checks the signature itself`,
    }
  }
  if (status === 404 || status === 405) {
    return {
      cause: 'something answers there, but there is no webhook at this path',
      cure: `the path of ingest is ${path}; what is in front of it must not change it`,
    }
  }
  if (status === 502 || status === 503 || status === 504) {
    return {
      cause: 'what is in front of ingest does not reach it',
      cure: 'start ingest; then look at where the proxy or load balancer sends requests',
    }
  }
  return {
    cause: 'ingest answers 400 invalid_signature to a body without a signature: this is another',
    cure: `give the URL of ingest, with the path ${path}, here and in the Clerk Dashboard`,
  }
}

// Whatever answers there may send without end; this is enough to recognise it.
const mostBytes = 4_096

/** The answer to a body without a signature. */
interface ProbeAnswer {
  readonly status: number
  /** `error` of a JSON body. */
  readonly error: string | undefined
  /** The title of a page, or the beginning of any other body. */
  readonly text: string
  readonly server: string | undefined
  readonly location: string | undefined
}

/** Posts a body without a signature. @throws when nothing answers. */
async function probe(url: string): Promise<ProbeAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': doctorUserAgent },
    body: '{}',
    redirect: 'manual',
    signal: AbortSignal.timeout(abortRequestMs),
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

const renew =
  'give the server a certificate for this name that browsers trust, and renew it in time'

const certificates: { [code: string]: string } = {
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  CERT_NOT_YET_VALID:
    'its TLS certificate is not valid yet: or the clock of this machine is behind',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by an authority of its own',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it does not send the certificates between its own and the root',
  UNABLE_TO_GET_ISSUER_CERT: 'it does not send the certificates between its own and the root',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
}

/** Cause and cure of a failed connection to a public URL, by the code of the error. */
export function explainConnection(error: unknown): { cause: string; cure: string } {
  const code = codeOf(error)
  const certificate = certificates[code]
  if (certificate) return { cause: certificate, cure: renew }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return {
      cause: 'it does not speak TLS there, or no version that is in use',
      cure: 'put TLS on this port, or give the port that has it (443 without one in the URL)',
    }
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      cause: 'the name has no address, as seen from here',
      cure: 'add a DNS record for it, or correct the name',
    }
  }
  if (code === 'ECONNREFUSED') {
    return {
      cause: 'nothing listens there',
      cure: 'start ingest or the proxy in front of it, and give the port that it listens on',
    }
  }
  return {
    cause: 'the connection was dropped on the way: by a firewall, a proxy, or an overloaded server',
    cure: 'let the internet reach ingest on this port, and look at the log of what is in front of it',
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  const { code } = Object(error) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
