import type { IncomingHttpHeaders } from 'node:http'

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a request changes nothing. */
export function readsOnly({ method }: { readonly method: string }): boolean {
  return readingMethods.has(method)
}

/**
 * Whether a browser makes this change on behalf of another site. Browsers send basic credentials
 * along by themselves, so the login alone does not stop it.
 */
export function isCrossSiteChange(request: {
  method: string
  headers: IncomingHttpHeaders
}): boolean {
  if (readsOnly(request)) return false
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  // Browsers send this one over HTTPS and to localhost only, but no proxy's own Host spoils it.
  if (site !== undefined) return site !== 'same-origin'
  return origin !== undefined && URL.parse(origin)?.host !== host
}
