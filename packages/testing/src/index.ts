export { createTestDatabase, openTestPool, withServer, type TestDatabase } from './database.ts'
export { provideFaketime } from './faketime.ts'
export { findProgram } from './find-program.ts'
export { createFaultProxy, type FaultProxy } from './fault-proxy.ts'
export { createOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'
export { createPgBouncer, type PgBouncer, type PgBouncerOptions } from './pgbouncer.ts'
export { runPromtool } from './prometheus-programs.ts'
export { startPrometheus, type PrometheusServer } from './prometheus-server.ts'
export { createFsyncPostgres, providePostgres } from './postgres.ts'
export type { ProvidedServer } from './provide-first.ts'
export { hasWaitAof, provideRedis, provideRedisProgram, provideWaitAofProgram } from './redis.ts'
export { createRedisCluster, type RedisCluster } from './redis-cluster.ts'
export { createRedisSentinel, type RedisSentinel } from './redis-sentinel.ts'
export { createRedisServer, redisSettings, type RedisServer } from './redis-server.ts'
export { createTlsRedis, type TlsRedis } from './redis-tls.ts'
export {
  childEnvironment,
  freePort,
  listenAnywhere,
  startProcess,
  untilWritten,
} from './start-process.ts'
export { createTlsPostgres, type TlsPostgres } from './tls-postgres.ts'
