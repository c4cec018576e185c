import { errorMessage } from '../error-message.ts'
import { isNetworkErrorCode } from '../postgres-outage.ts'

const refusedLogin = 'the database refuses the login: check user and password in DATABASE_URL'
const unknownDatabase = 'the database that DATABASE_URL names does not exist'

const sqlStates: readonly [state: RegExp, reason: string][] = [
  [/^28/, refusedLogin],
  [/^3D000$/, unknownDatabase],
  [
    /^25006$/,
    'the database takes no writes: it is a replica, or default_transaction_read_only is on',
  ],
  [/^42501$/, 'the role in DATABASE_URL lacks a permission'],
  [/^53/, 'the database has too few connections, or too little memory or disk'],
  [/^57P/, 'the database starts or stops'],
]
// Some drivers pass on only the text.
const texts: readonly [text: RegExp, reason: string][] = [
  [/^(WRONGPASS|NOAUTH)\b/, 'Redis refuses the login: check user and password in REDIS_URL'],
  [/^NOPERM\b/, 'the user in REDIS_URL lacks a permission'],
  [/(password )?authentication failed|pg_hba\.conf|credentials|role "[^"]*"/i, refusedLogin],
  [/database [^ ]+ does not exist/i, unknownDatabase],
]
const seeLog = 'the log says more'

const names: readonly RegExp[] = [
  /\b[a-z][\w+.-]*:\/\/\S+/gi,
  /\[?(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}\]?(?::\d+)?/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\b[a-z][\w-]*(?:\.[\w-]+)*:\d{2,5}\b/gi,
  /(?<=\b(?:ENOTFOUND|EAI_AGAIN) )\S+/g,
  /(?<=\b(?:user|role|database|host|server|schema|owner|for|at) )(["'`])[^"'`]*\1/gi,
  /(?<=^User )\S+/gi,
]

/**
 * Why a check fails, in words that anybody may read: without the names of hosts, roles and databases,
 * which the messages of drivers quote, and without addresses. The log has the error itself.
 */
export function publicReason(error: unknown): string {
  const message = errorMessage(error)
  const { code, sqlState = code } = Object(error) as { code?: unknown; sqlState?: unknown }
  if (typeof sqlState === 'string' && /^(?=.*\d)[\dA-Z]{5}$/.test(sqlState)) {
    const known = sqlStates.find(([state]) => state.test(sqlState))
    return `${known?.[1] ?? `the database refuses the check (SQLSTATE ${sqlState})`}; ${seeLog}`
  }
  const networkCode = message.match(/\bE[A-Z_]{4,}\b/g)?.find(isNetworkErrorCode) ?? code
  if (typeof networkCode === 'string' && isNetworkErrorCode(networkCode)) {
    return `its server can't be reached (${networkCode}); ${seeLog}`
  }
  const known = texts.find(([text]) => text.test(message))
  if (known) return `${known[1]}; ${seeLog}`
  const shown = names.reduce((text, name) => text.replaceAll(name, '…'), message)
  return shown === message ? message : `${shown}; ${seeLog}`
}
