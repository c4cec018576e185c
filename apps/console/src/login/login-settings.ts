import { splitNames, variable } from '@clerk-sync/ops'
import type { Settings, Variable } from '@clerk-sync/ops'
import { z } from 'zod'
import { isTrivialPassword } from './trivial-password.ts'
import type { Login } from './login.ts'

const fewestCharacters = 12
const passwordExample = '<12 random characters or more>'

export const loginVariables = {
  BOARD_USER: variable(
    // RFC 7617: the first colon ends the user's name.
    z
      .string()
      .regex(/^[^:\p{Cc}]+$/u, 'must not contain a colon or a control character')
      .optional(),
    'admin',
  ),
  BOARD_PASSWORD: variable(
    z
      .string()
      .min(fewestCharacters, `must have ${fewestCharacters} characters or more`)
      .regex(/^\P{Cc}*$/u, 'must not contain a control character')
      .optional(),
    passwordExample,
  ),
  BOARD_URL: httpUrl('https://board.example.com'),
  BOARD_CLERK_USERS: list(/^user_\w+$/, 'must be ids of users, user_…', 'user_2abc,user_2def'),
  BOARD_CLERK_ORGANIZATION: variable(
    z
      .string()
      .regex(/^org_\w+$/, 'must be the id of an organization, org_…')
      .optional(),
    'org_2abc',
  ),
  BOARD_CLERK_ROLES: list(/^[\w:-]+$/, 'must be roles such as org:admin', 'org:admin'),
  CLERK_PUBLISHABLE_KEY: variable(
    z
      .string()
      .regex(
        /^pk_(test|live)_[\w$=-]+$/,
        'must be a publishable key of Clerk, pk_test_… or pk_live_…',
      )
      .optional(),
    'pk_live_<from the Clerk Dashboard, under API keys>',
  ),
  CLERK_JWT_KEY: variable(
    z
      .string()
      // A line of .env or of a secret store often has the line breaks escaped.
      .transform((text) => text.replaceAll(String.raw`\n`, '\n'))
      .refine((text) => /BEGIN PUBLIC KEY/.test(text), 'must be a public key in PEM')
      .optional(),
    '<the JWKS public key, from the Clerk Dashboard, under API keys>',
  ),
  CLERK_SIGN_IN_URL: httpUrl('https://example.com/sign-in'),
}

type LoginSettings = Settings<typeof loginVariables> & {
  readonly CLERK_SECRET_KEY: string | undefined
  readonly CLERK_API_URL: string
}

const whyLogin = 'The board shows and changes production jobs: it never opens without a login'

/** Whether the environment asks for a login with Clerk. Applications have Clerk's two keys, too. */
export function wantsClerk(env: NodeJS.ProcessEnv): boolean {
  return Boolean(
    env['BOARD_URL'] ||
    env['BOARD_CLERK_USERS'] ||
    env['BOARD_CLERK_ORGANIZATION'] ||
    env['BOARD_CLERK_ROLES'],
  )
}

/** Whatever keeps the settings from being exactly one way to log in. */
export function findLoginProblems(env: NodeJS.ProcessEnv): string[] {
  const wantsPassword = Boolean(env['BOARD_USER'] || env['BOARD_PASSWORD'])
  if (!wantsClerk(env)) {
    if (!wantsPassword) {
      return [
        `${whyLogin}. Set BOARD_USER and BOARD_PASSWORD, or let people log in with Clerk: CLERK_PUBLISHABLE_KEY, CLERK_SECRET_KEY, BOARD_URL, and BOARD_CLERK_USERS or BOARD_CLERK_ORGANIZATION with BOARD_CLERK_ROLES.`,
      ]
    }
    const missing = findMissing(env, ['BOARD_USER', 'BOARD_PASSWORD'])
    return missing.length === 0
      ? findPasswordProblems(env)
      : [...missing, `${whyLogin}, so BOARD_USER and BOARD_PASSWORD must both be set.`]
  }
  if (wantsPassword) {
    return [
      'BOARD_USER or BOARD_PASSWORD is set, and a login with Clerk as well (BOARD_URL or BOARD_CLERK_…): leave one of the two empty.',
    ]
  }
  const missing = findMissing(env, ['CLERK_PUBLISHABLE_KEY', 'CLERK_SECRET_KEY', 'BOARD_URL'])
  return [...missing, ...findAllowedProblems(env)]
}

function findPasswordProblems(env: NodeJS.ProcessEnv): string[] {
  const password = env['BOARD_PASSWORD'] ?? ''
  // Its length is checked by itself.
  if (password.length < fewestCharacters) return []
  if (password !== passwordExample && !isTrivialPassword(password, env['BOARD_USER'])) return []
  return [
    'BOARD_PASSWORD is one of those that are guessed first. Generate one: openssl rand -hex 16',
  ]
}

function findAllowedProblems(env: NodeJS.ProcessEnv): string[] {
  const hasOrganization = Boolean(env['BOARD_CLERK_ORGANIZATION'])
  const hasRoles = Boolean(env['BOARD_CLERK_ROLES'])
  if (hasOrganization !== hasRoles) {
    return [
      'BOARD_CLERK_ORGANIZATION and BOARD_CLERK_ROLES go together: anyone may be the admin of an organization of their own.',
    ]
  }
  if (hasOrganization || env['BOARD_CLERK_USERS']) return []
  return [
    `${whyLogin}, and never to every user of the instance: say who may, with BOARD_CLERK_USERS, or with BOARD_CLERK_ORGANIZATION and BOARD_CLERK_ROLES.`,
  ]
}

function findMissing(
  env: NodeJS.ProcessEnv,
  names: ('CLERK_SECRET_KEY' | keyof typeof loginVariables)[],
): string[] {
  return names
    .filter((name) => !env[name])
    .map((name) => {
      const example = name === 'CLERK_SECRET_KEY' ? 'sk_live_…' : loginVariables[name].example
      return `${name} is not set. Example: ${name}=${example}`
    })
}

/** The login of settings without problems. */
export function readLogin(settings: LoginSettings): Login {
  const { BOARD_USER: user, BOARD_PASSWORD: password } = settings
  if (user !== undefined && password !== undefined) return { kind: 'password', user, password }
  const { CLERK_PUBLISHABLE_KEY: publishableKey, CLERK_SECRET_KEY: secretKey } = settings
  const { BOARD_URL: url } = settings
  if (!publishableKey || !secretKey || !url) throw new Error(whyLogin)
  return {
    kind: 'clerk',
    publishableKey,
    secretKey,
    url,
    apiUrl: settings.CLERK_API_URL,
    jwtKey: settings.CLERK_JWT_KEY,
    signInUrl: settings.CLERK_SIGN_IN_URL,
    allowed: {
      users: settings.BOARD_CLERK_USERS ?? [],
      organization: settings.BOARD_CLERK_ORGANIZATION,
      roles: settings.BOARD_CLERK_ROLES ?? [],
    },
  }
}

function httpUrl(example: string): Variable<string | undefined> {
  const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? '')
  return variable(z.string().refine(isHttp, 'must be an https:// URL').optional(), example)
}

function list(
  item: RegExp,
  problem: string,
  example: string,
): Variable<readonly string[] | undefined> {
  const schema = z
    .string()
    .transform(splitNames)
    .refine((names) => names.length > 0 && names.every((name) => item.test(name)), problem)
  return variable(schema.optional(), example)
}
