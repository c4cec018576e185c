import { freePort } from '@clerk-sync/testing'
import { describe, expect, test } from 'vitest'
import { changed, createSettings, examine, runIngest, serve } from './scene.ts'

const path = '/api/webhooks/clerk'

describe('the endpoint', () => {
  test('ingest at another path says so', async () => {
    const env = await createSettings()
    const endpoint = changed(await runIngest(env), (url) => (url.pathname = '/webhooks'))
    const { resultOf } = await examine(env, { endpoint })
    expect(resultOf('endpoint')).toMatchObject({
      status: 'problem',
      found: `${endpoint} answers 404 “{"error":"not_found"}”`,
      cure: expect.stringContaining(`the path of ingest is ${path}`),
    })
  })

  test.each<[status: number, headers: Record<string, string>, found: RegExp, cause: RegExp]>([
    [200, { server: 'nginx' }, / answers 200 from nginx “Welcome”$/, /not ingest: it took a body/],
    [308, { location: '/elsewhere' }, / answers 308 /, /redirects to \/elsewhere/],
    [401, {}, / answers 401 /, /asks for a login/],
    [405, {}, / answers 405 /, /no webhook at this path/],
    [502, { server: 'caddy' }, / answers 502 from caddy/, /does not reach it/],
    [400, {}, / answers 400 /, /this is another/],
  ])('a %i of something else is explained', async (status, headers, found, cause) => {
    const page = '<html><head><title>Welcome</title></head>'
    const url = await serve((_, response) => response.writeHead(status, headers).end(page))
    const { resultOf } = await examine({}, { endpoint: `${url}${path}?token=hidden` })
    expect(resultOf('endpoint')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(found),
      cause: expect.stringMatching(cause),
      cure: expect.stringMatching(/./),
    })
    expect(JSON.stringify(resultOf('endpoint'))).not.toContain('hidden')
  })

  test('a page without an end is not read to its end', async () => {
    const url = await serve((_, response) => {
      response.write('x'.repeat(100_000))
    })
    const { resultOf } = await examine({}, { endpoint: `${url}${path}` })
    expect(resultOf('endpoint').found.length).toBeLessThan(300)
  })

  test.each<[what: string, url: () => Promise<string>, cause: RegExp]>([
    [
      'no TLS where there should be',
      async () => (await serve((_, response) => response.end())).replace('http:', 'https:'),
      /does not speak TLS there/,
    ],
    [
      'nothing that listens',
      async () => `http://127.0.0.1:${await freePort()}`,
      /nothing listens there/,
    ],
    ['an unknown name', async () => 'https://nowhere.invalid', /the name has no address/],
  ])('%s is explained', async (_, url, cause) => {
    const { resultOf } = await examine({}, { endpoint: `${await url()}${path}` })
    expect(resultOf('endpoint')).toMatchObject({
      status: 'problem',
      cause: expect.stringMatching(cause),
    })
  })
})
