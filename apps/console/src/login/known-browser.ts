import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const cookieName = 'clerk_sync_known_browser'
const maxAgeS = 30 * 24 * 60 * 60
const mostMistakes = 10

/**
 * Browsers that have logged in before. Their cookie logs nobody in: it exempts them from the limit of
 * guesses, so that nobody can lock them out by guessing. See docs/adr/0015.
 */
export interface KnownBrowsers {
  /** The id in the cookie of a browser that has logged in, or undefined. */
  find(headers: IncomingHttpHeaders): string | undefined
  /** Counts a wrong password. After ten of them the browser's cookie does not count any more. */
  addMistake(id: string): void
  /** The cookie for a browser that has logged in now. */
  createCookie(headers: IncomingHttpHeaders): string
}

export function createKnownBrowsers(): KnownBrowsers {
  // It ends with the process: a stolen cookie is worth little, and a first login is soon made again.
  const key = randomBytes(32)
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url')
  const mistakes = new Map<string, number>()
  return {
    find({ cookie = '' }) {
      const [, id = '', validUntilS = '', signature = ''] =
        new RegExp(`(?:^|; )${cookieName}=([\\w-]+)\\.(\\d+)\\.([\\w-]+)(?:;|$)`).exec(cookie) ?? []
      const expected = Buffer.from(sign(`${id}.${validUntilS}`))
      const given = Buffer.from(signature)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      if (Number(validUntilS) * 1_000 < Date.now()) return undefined
      return (mistakes.get(id) ?? 0) < mostMistakes ? id : undefined
    },
    addMistake: (id) => void mistakes.set(id, (mistakes.get(id) ?? 0) + 1),
    createCookie(headers) {
      const content = `${randomBytes(12).toString('base64url')}.${Math.floor(Date.now() / 1_000) + maxAgeS}`
      const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
      return `${cookieName}=${content}.${sign(content)}; Max-Age=${maxAgeS}; Path=/; HttpOnly; SameSite=Strict${secure}`
    },
  }
}
