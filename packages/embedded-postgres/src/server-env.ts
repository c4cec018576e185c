/** All that PostgreSQL's programs see of our environment: no PG* variable may change them. */
export const SERVER_ENV: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'] ?? '',
  // Messages in English, times in UTC.
  LC_ALL: 'C',
  TZ: 'UTC',
}
