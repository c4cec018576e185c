import { errorMessage } from '@clerk-sync/ops'
import type { Check, Finding } from './check.ts'
import { explainConnection } from './explain-connection.ts'
import { probe } from './probe.ts'
import type { Knock } from './probe.ts'
import type { Quote } from './quote.ts'

const path = '/api/webhooks/clerk'

/** Whether ingest answers there: it refuses a body without a signature, in its own words. */
export function endpointCheck(url: string, quote: Quote): Check {
  return {
    name: 'endpoint',
    run: async () => judge(url, await probe(url), quote),
    onError: (_, error) => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      return {
        status: 'problem',
        found: `${shown(url)} ${quote(errorMessage(cause))}`,
        ...explainConnection(cause),
      }
    },
  }
}

function judge(url: string, answer: Knock, quote: Quote): Finding {
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

function explain(answer: Knock, quote: Quote): { cause: string; cure: string } {
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
