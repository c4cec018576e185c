import { expect, test } from 'vitest'
import { publicReason } from './public-reason.ts'

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code })
const unavailable = (message: string, sqlState?: string) =>
  Object.assign(new Error(message), { code: 'ERR_DATABASE_UNAVAILABLE', sqlState })

test.each([
  withCode('password authentication failed for user "writer7"', '28P01'),
  withCode('no pg_hba.conf entry for host "10.1.2.3", user "writer7", database "crm"', '28000'),
  withCode('database "crm" does not exist', '3D000'),
  withCode('role "writer7" does not exist', '28000'),
  withCode('permission denied for table users', '42501'),
  withCode('connect ECONNREFUSED 10.1.2.3:5432', 'ECONNREFUSED'),
  withCode('getaddrinfo ENOTFOUND pg.internal', 'ENOTFOUND'),
  withCode('', 'ETIMEDOUT'),
  new AggregateError([withCode('connect ECONNREFUSED ::1:5432', 'ECONNREFUSED')]),
  unavailable("the database can't be reached: connect ECONNREFUSED 10.1.2.3:5432"),
  unavailable('the database can\'t write now: the role "writer7" can\'t log in', '28000'),
  unavailable("the database can't be reached: Can't reach database server at `pg.internal:5432`"),
  new Error('the provided database credentials for `writer7` are not valid'),
  new Error('MOVED 3999 10.1.2.3:6379'),
  new Error("NOPERM User writer7 has no permissions to run the 'setrange' command"),
  new Error('WRONGPASS invalid username-password pair or user is disabled.'),
  new Error('no answer from redis.internal:6379 or [fd00::1]:6379 or fd00:0:0::1'),
  new Error('no answer from rediss://writer7:secret@redis.internal/0'),
])('%s: no host, role, database or address is told, and the log is named', (error) => {
  const reason = publicReason(error)
  expect(reason).not.toMatch(/writer7|crm|internal|10\.1|::1|fd00|5432|6379|secret|users/)
  expect(reason).toMatch(/; the log says more$/)
})

test.each([
  'migrations are missing (20261128100000_one): run clerk-sync migrate',
  'the database takes no writes: set DATABASE_URL to the primary, or default_transaction_read_only of the role and the database to off',
  'row level security hides rows of clerk.users, clerk.tombstones: the role in DATABASE_URL must own the tables',
  'Redis is full (512 MB of 512 MB) and takes no jobs: raise maxmemory',
  "Redis can't be reached with REDIS_URL; the log says why",
  'the key bull:clerk-events:wait is a string, not a list: remove it',
  'no answer in time',
])('%s: our own words stay', (message) => {
  expect(publicReason(new Error(message))).toBe(message)
})

test('the cause and the cure of what PostgreSQL refuses are told', () => {
  const reason = publicReason(withCode('password authentication failed for user "a"', '28P01'))
  expect(reason).toBe(
    'the database refuses the login: check user and password in DATABASE_URL; the log says more',
  )
})
