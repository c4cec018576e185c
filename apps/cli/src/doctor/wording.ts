/** Makes a message of another server fit to be shown: one short line without a secret. */
export type Quote = (text: string) => string

const longest = 200
// Replacing a shorter one would hide nothing: it is part of many words.
const shortestSecret = 4

/** Replaces every secret of these settings by `***`. */
export function createQuote(env: NodeJS.ProcessEnv): Quote {
  const secrets = secretsIn(env).toSorted((a, b) => b.length - a.length)
  return (text) => {
    let shown = text
    for (const secret of secrets) shown = shown.replaceAll(secret, '***')
    shown = shown
      .replaceAll(/(:\/\/)[^\s/@]*@/g, '$1***@')
      .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .trim()
    return shown.length > longest ? `${shown.slice(0, longest)}…` : shown
  }
}

function secretsIn(env: NodeJS.ProcessEnv): string[] {
  const signing = env['CLERK_WEBHOOK_SIGNING_SECRET']?.split(/[\s,]+/) ?? []
  const urls = [env['DATABASE_URL'], ...redisUrls(env['REDIS_URL'] ?? '')].flatMap(passwordsIn)
  const whole = [env['CLERK_SECRET_KEY'], env['BOARD_PASSWORD']]
  return [...signing, ...urls, ...whole].filter(
    (secret) => secret !== undefined && secret.length >= shortestSecret,
  ) as string[]
}

// Several nodes are no URL together, but each of them is one.
function redisUrls(text: string): string[] {
  const [first = '', ...others] = text.split(',')
  return [first, ...others.map((node) => (node.includes('://') ? node : `redis://${node}`))]
}

function passwordsIn(text = ''): string[] {
  const url = URL.parse(text)
  if (!url) return []
  const names = ['password', 'sentinelPassword']
  const raw = [url.password, ...names.map((name) => url.searchParams.get(name) ?? '')]
  return [...raw, ...raw.map(decoded)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

// Smaller differences come from the time of the answer, and are harmless.
const smallMs = 5_000

/** How far this machine's clock is ahead of another one, in words; behind it when negative. */
export function describeSkew(aheadMs: number, whose: string): { text: string; isLarge: boolean } {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const text =
    seconds <= 1
      ? `within a second of ${whose}`
      : `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} ${whose}`
  return { text, isLarge: Math.abs(aheadMs) > smallMs }
}
