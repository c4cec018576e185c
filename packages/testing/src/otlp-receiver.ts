import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { bytesIn, messages, numberIn, readFields } from './protobuf.ts'
import type { Fields } from './protobuf.ts'

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const

export interface ReceivedSpan {
  readonly service: string
  readonly name: string
  readonly kind: (typeof kinds)[number]
  readonly traceId: string
  readonly spanId: string
  /** Absent of a root. */
  readonly parentId: string | undefined
  /** Nanoseconds since 1970. */
  readonly startedAt: bigint
  readonly endedAt: bigint
  readonly attributes: { readonly [name: string]: string | number | boolean }
  readonly links: readonly { traceId: string; spanId: string }[]
  readonly failed: boolean
  readonly statusMessage: string
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  /** All that came so far. */
  readonly spans: ReceivedSpan[]
  /** The same as it came over the wire. */
  readonly bodies: Buffer[]
  close(): Promise<void>
}

/** What a collector is to a process that traces: it takes OTLP over HTTP and keeps it. */
export async function createOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const bodies: Buffer[] = []
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    bodies.push(body)
    spans.push(...readSpans(body))
    response.setHeader('content-type', 'application/x-protobuf').end()
  }

  const server = createServer((...exchange) => void receive(...exchange)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    async close() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

// The numbers are those of opentelemetry/proto/trace/v1/trace.proto.
function readSpans(body: Buffer): ReceivedSpan[] {
  return messages(readFields(body), 1).flatMap((resourceSpans) => {
    const [resource = new Map()] = messages(resourceSpans, 1)
    const service = String(readAttributes(resource, 1)['service.name'])
    const scopes = messages(resourceSpans, 2)
    return scopes.flatMap((scope) => messages(scope, 2).map((span) => readSpan(span, service)))
  })
}

function readSpan(span: Fields, service: string): ReceivedSpan {
  const [status = new Map()] = messages(span, 15)
  return {
    service,
    name: bytesIn(span, 5).toString(),
    kind: kinds[Number(numberIn(span, 6))] ?? 'unspecified',
    traceId: bytesIn(span, 1).toString('hex'),
    spanId: bytesIn(span, 2).toString('hex'),
    parentId: bytesIn(span, 4).toString('hex') || undefined,
    startedAt: numberIn(span, 7),
    endedAt: numberIn(span, 8),
    attributes: readAttributes(span, 9),
    links: messages(span, 13).map((link) => ({
      traceId: bytesIn(link, 1).toString('hex'),
      spanId: bytesIn(link, 2).toString('hex'),
    })),
    failed: numberIn(status, 3) === 2n,
    statusMessage: bytesIn(status, 2).toString(),
  }
}

function readAttributes(holder: Fields, number: number): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    messages(holder, number).map((pair) => {
      const [value = new Map()] = messages(pair, 2)
      return [bytesIn(pair, 1).toString(), readValue(value)]
    }),
  )
}

function readValue(value: Fields): string | number | boolean {
  if (value.has(2)) return numberIn(value, 2) === 1n
  return value.has(3) ? Number(numberIn(value, 3)) : bytesIn(value, 1).toString()
}
