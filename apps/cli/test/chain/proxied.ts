import { createFaultProxy } from '@clerk-sync/testing'
import type { FaultProxy } from '@clerk-sync/testing'

/** A server URL that leads through a proxy whose failures a test plays. */
export async function proxied(serverUrl: string): Promise<FaultProxy & { url: string }> {
  const url = new URL(serverUrl)
  const fallbackPort = url.protocol.startsWith('redis') ? 6379 : 5432
  const proxy = await createFaultProxy({
    host: url.hostname,
    port: Number(url.port || fallbackPort),
  })
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  return { ...proxy, url: url.href }
}
