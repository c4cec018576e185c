import { describe, expect, test } from 'vitest'
import { parseRedisUrl, RedisUrlError } from './redis-address.ts'

const nobody = { username: undefined, password: undefined }
const plain = { login: nobody, hasTls: false, family: undefined }

describe('one server', () => {
  test.each([
    ['redis://localhost', { node: { host: 'localhost', port: 6379 }, database: 0 }],
    ['redis://localhost/', { node: { host: 'localhost', port: 6379 }, database: 0 }],
    [
      'redis://cache.internal:6380/2',
      { node: { host: 'cache.internal', port: 6380 }, database: 2 },
    ],
    ['redis://[fd00::7]:6380', { node: { host: 'fd00::7', port: 6380 }, database: 0 }],
  ])('%s', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual({ ...plain, form: 'standalone', ...expected })
  })

  test('a login is decoded, and rediss means TLS', () => {
    expect(parseRedisUrl('rediss://me%40here:p%2Fw%2C%23@host')).toMatchObject({
      login: { username: 'me@here', password: 'p/w,#' },
      hasTls: true,
    })
    expect(parseRedisUrl('redis://:only@host').login).toEqual({
      username: undefined,
      password: 'only',
    })
  })

  test('how certificates are checked can be chosen, with the parameters of DATABASE_URL', () => {
    expect(parseRedisUrl('rediss://host').tls).toBeUndefined()
    expect(parseRedisUrl('rediss://host?sslmode=no-verify').tls).toEqual({
      rejectUnauthorized: false,
    })
  })

  test('the family of IP addresses can be chosen', () => {
    expect(parseRedisUrl('redis://host?family=6').family).toBe(6)
  })
})

describe('a cluster', () => {
  const nodes = [
    { host: 'a', port: 7000 },
    { host: 'b', port: 6379 },
  ]

  test.each([
    'redis://a:7000,redis://b:6379',
    'redis://a:7000,b',
    'redis://a:7000/0,b/0',
    'redis+cluster://a:7000,b',
    'REDIS+CLUSTER://a:7000,redis+cluster://b:6379',
  ])('%s', (url) => {
    expect(parseRedisUrl(url)).toEqual({ ...plain, form: 'cluster', nodes })
  })

  test.each(['rediss://me:pw@a:7000,b', 'rediss+cluster://me:pw@a:7000,rediss+cluster://me:pw@b'])(
    'all nodes share a login: %s',
    (url) => {
      const login = { username: 'me', password: 'pw' }
      expect(parseRedisUrl(url)).toMatchObject({ form: 'cluster', nodes, login, hasTls: true })
    },
  )

  test('can be given by one endpoint', () => {
    expect(parseRedisUrl('rediss+cluster://clustercfg.example:6379')).toMatchObject({
      form: 'cluster',
      nodes: [{ host: 'clustercfg.example', port: 6379 }],
      hasTls: true,
    })
  })
})

describe('sentinels', () => {
  test('have a port, a primary, a database and logins of their own', () => {
    const url =
      'redis+sentinel://me:p%2Cw@s1,s2:26380/my%20master/3?sentinelUsername=watch&sentinelPassword=p%26w'
    expect(parseRedisUrl(url)).toEqual({
      form: 'sentinel',
      sentinels: [
        { host: 's1', port: 26379 },
        { host: 's2', port: 26380 },
      ],
      sentinelLogin: { username: 'watch', password: 'p&w' },
      primary: 'my master',
      database: 3,
      login: { username: 'me', password: 'p,w' },
      hasTls: false,
      family: undefined,
    })
  })

  test('a plus in a password of the sentinels is a plus', () => {
    expect(parseRedisUrl('redis+sentinel://s1/a?sentinelPassword=p+w')).toMatchObject({
      sentinelLogin: { username: undefined, password: 'p+w' },
    })
  })

  test('need only a host and the name of the primary', () => {
    expect(parseRedisUrl('rediss+sentinel://s1/mymaster')).toMatchObject({
      sentinels: [{ host: 's1', port: 26379 }],
      sentinelLogin: nobody,
      database: 0,
      hasTls: true,
    })
  })
})

test.each([
  ['localhost:6379', /must be a redis:\/\//],
  ['https://:s3cret@localhost', /must be a redis:\/\//],
  ['redis://', /must name a host/],
  ['redis://:s3cret#@localhost', /%23/],
  ['redis://:s3,cret@localhost', /%2C/],
  ['redis://:s3/cret@localhost', /%2F/],
  ['redis://:s3cret%@localhost', /% in its user/],
  ['redis://s3cret:99999', /port/],
  ['redis://localhost/s3cret', /number of a database/],
  ['redis://localhost?s3cret=1', /unknown parameter after the \?; known here: family/],
  ['redis://localhost?sslmode=no-verify', /sslmode, which only rediss:\/\/ takes/],
  ['rediss://localhost?sslmode=s3cret', /unknown sslmode/],
  ['rediss://localhost?sslrootcert=/s3cret', /names a file in sslrootcert that can't be read/],
  ['redis://localhost?family=s3cret', /4, 6 or 0/],
  ['redis://a,b/1', /only database 0/],
  ['redis+cluster://s3cret@a/1', /only database 0/],
  ['redis://a,rediss://s3cret@b', /different schemes/],
  ['redis://me:s3cret@a,me:other@b', /different users or passwords/],
  ['redis+sentinel://s3cret@s1,s2', /must name the primary/],
  ['redis+sentinel://s1/mymaster/s3cret', /number of a database/],
  ['redis+sentinel://s1/a,s2/b', /several paths/],
])('%s is refused without being quoted', (url, problem) => {
  expect(() => parseRedisUrl(url)).toThrow(RedisUrlError)
  expect(() => parseRedisUrl(url)).toThrow(problem)
  expect(() => parseRedisUrl(url)).not.toThrow(/s3cret/)
})
