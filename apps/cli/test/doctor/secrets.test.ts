import { describe, expect, inject, test } from 'vitest'
import { emptyDirectory, runDoctor } from './run-doctor.ts'
import type { Ran } from './run-doctor.ts'
import { changed, serve } from './scene.ts'

describe('no secret is shown', () => {
  const secrets = {
    DATABASE_URL: 'sentinel@database:pw',
    REDIS_URL: 'sentinel/redis#pw',
    CLERK_WEBHOOK_SIGNING_SECRET: 'whsec_sentinelsentinelsentinelsentinel!',
    CLERK_SECRET_KEY: 'sk_live_sentinel',
    BOARD_PASSWORD: 'sentinel-pw',
  }
  const shownAs = [
    ...Object.values(secrets),
    ...Object.values(secrets).map(encodeURIComponent),
    'sentinel',
  ]

  const leaksIn = ({ stdout, stderr }: Ran) =>
    shownAs.filter((secret) => (stdout + stderr).includes(secret))

  const withLogin = (url: string, password: string) =>
    changed(url, (one) => {
      one.username = 'nobody'
      one.password = encodeURIComponent(password)
    })

  test.each([
    ['text', []],
    ['JSON', ['--json']],
  ])('when all are wrong, as %s', async (_, args) => {
    const env = {
      ...secrets,
      DATABASE_URL: withLogin(inject('databaseUrl'), secrets.DATABASE_URL),
      REDIS_URL: withLogin(inject('redisUrl'), secrets.REDIS_URL),
      CLERK_API_URL: await serve((_request, response) => response.writeHead(401).end('{}')),
    }
    const ran = await runDoctor(args, env, await emptyDirectory())
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('the server refuses the user or the password in DATABASE_URL')
    expect(ran.stdout).toContain('the server refuses the user or the password in REDIS_URL')
    expect(leaksIn(ran)).toEqual([])
  })

  test('when the settings are no settings at all', async () => {
    const env = Object.fromEntries(
      ['DATABASE_URL', 'REDIS_URL', 'CLERK_SECRET_KEY', 'CLERK_API_URL', 'PORT', 'BOARD_USER'].map(
        (name) => [name, 'user:sentinel@host'],
      ),
    )
    expect(leaksIn(await runDoctor([], env, await emptyDirectory()))).toEqual([])
    const CLERK_API_URL = 'https://me:sentinel@api.clerk.com'
    expect(leaksIn(await runDoctor([], { CLERK_API_URL }, await emptyDirectory()))).toEqual([])
  })

  test('when a server repeats it', async () => {
    const echo = await serve((request, response) => {
      const said = `${Object.values(secrets).join(' ')} ${request.headers.authorization}`
      response.setHeader('server', said)
      response.setHeader('location', `https://me:${encodeURIComponent('sentinel')}@example.com`)
      response.statusCode = request.method === 'POST' ? 307 : 418
      response.end(JSON.stringify({ id: said, errors: [{ code: said }], said }))
    })
    const env = {
      ...secrets,
      DATABASE_URL: withLogin('postgresql://127.0.0.1:1/app', secrets.DATABASE_URL),
      REDIS_URL: withLogin('redis://127.0.0.1:1', secrets.REDIS_URL),
      CLERK_API_URL: echo,
    }
    const ran = await runDoctor(
      ['--url', `${echo}/hook?token=sentinel`],
      env,
      await emptyDirectory(),
    )
    expect(ran.stdout).toContain('answers 307 from ***')
    expect(ran.stdout).toContain('redirects to https://***@example.com')
    expect(ran.stdout).toContain('answered 418 ***')
    expect(leaksIn(ran)).toEqual([])
  })
})
