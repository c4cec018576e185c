import { createFaultProxy } from '@clerk-sync/testing'
import type { FaultProxy } from '@clerk-sync/testing'
import type { QueueLocation } from '@clerk-sync/queue'

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

/** The same queue, behind such a proxy. */
export async function proxiedQueue(
  queue: QueueLocation,
): Promise<FaultProxy & { queue: QueueLocation }> {
  if (queue.kind === 'postgres') {
    const proxy = await proxied(queue.url)
    return { ...proxy, queue: { ...queue, url: proxy.url } }
  }
  const { address } = queue
  if (address.form !== 'standalone') throw new Error('only one server can be behind the proxy')
  const proxy = await createFaultProxy(address.node)
  const node = { host: '127.0.0.1', port: proxy.port }
  return { ...proxy, queue: { ...queue, address: { ...address, node } } }
}
