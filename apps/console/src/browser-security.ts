import type { IncomingHttpHeaders } from 'node:http'

// Bull Board needs inline styles. A font of Google stays blocked: Google would learn of every visit.
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** For every answer. The static files replace cache-control. */
export const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

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
  // Browsers send this header over HTTPS and to localhost only. A proxy that sets Host does not
  // change it.
  if (site !== undefined) return site !== 'same-origin'
  return origin !== undefined && (host === undefined || URL.parse(origin)?.host !== host)
}
