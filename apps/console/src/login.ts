import { createHash, timingSafeEqual } from 'node:crypto'

export interface Login {
  readonly user: string
  readonly password: string
}

/** Compares in a time that tells nothing about either. */
export function isLogin(expected: Login, user: string, password: string): boolean {
  const isUser = isEqual(expected.user, user)
  const isPassword = isEqual(expected.password, password)
  return isUser && isPassword
}

// Digests have one length, whatever was typed.
function isEqual(expected: string, given: string): boolean {
  return timingSafeEqual(digest(expected), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
