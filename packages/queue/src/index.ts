export { checkAckDurability, refuseWithoutFsync } from './ack-durability.ts'
export type { AckDurability } from './ack-durability.ts'
export { checkQueue } from './check-queue.ts'
export { CannotApplyError, createConsumer, GiveBackError } from './consumer.ts'
export type { Consumer, JobRun } from './consumer.ts'
export { countFailed } from './count-failed.ts'
export type { FailedCounts, FailedGroup } from './count-failed.ts'
export { findConcernedJobs, readFailure, scanJobs } from './failed-jobs.ts'
export type {
  Concern,
  ConcernedJob,
  ConcernedJobs,
  FailedSelection,
  Failure,
} from './failed-jobs.ts'
export { checkDirectConnection, SharedSessionsError } from './direct-connection.ts'
export { hideValues } from './hide-values.ts'
export { locateQueue } from './location.ts'
export type { QueueLocation } from './location.ts'
export { openQueue, QueueUnavailableError } from './open-queue.ts'
export type { OpenQueue } from './open-queue.ts'
export { CannotEnqueueError, createProducer, removeJob, rerunJob } from './producer.ts'
export type { Producer } from './producer.ts'
export { createQueueErrorLog } from './queue-error-log.ts'
export { inspectQueue, jobStates, readQueueDepth, watchOldestWaiting } from './queue-depth.ts'
export type { QueueDepth, QueueFacts } from './queue-depth.ts'
export { lossMessages, watchForLoss } from './queue-loss.ts'
export type { LossWatch, QueueLoss } from './queue-loss.ts'
export { registerQueueMetrics } from './queue-metrics.ts'
export {
  ackDurability,
  defaultEnqueueTimeoutMs,
  enqueueTimeoutMs,
  missingQueue,
  queueLocationOf,
  queueVariables,
  redisUrl,
} from './queue-settings.ts'
export { migrateQueue, pendingQueueMigrations } from './queue-migrations.ts'
export { parseRedisUrl } from './redis-address.ts'
export type { RedisAddress } from './redis-address.ts'
export { inspectRedis, megabytes, readRedisFacts } from './redis-info.ts'
export type { RedisFacts } from './redis-info.ts'
export { followReplayed, isSettled } from './follow-replayed.ts'
export type { ReplayedJobs } from './follow-replayed.ts'
export { countDone, nothingReplayed, replayFailed } from './replay-failed.ts'
export type { ReplayCounts } from './replay-failed.ts'
export { bucketsOf } from './reports/figures.ts'
export type { Bucket, Counts, SeriesName } from './reports/figures.ts'
export { createFiguresReader, readProcesses } from './reports/read-reports.ts'
export type { Minute, ReportedProcess } from './reports/read-reports.ts'
export { reportProcess } from './reports/report-process.ts'
export type { ProcessReport } from './reports/report-process.ts'
export { isCron, openScheduleReader, startSchedule } from './schedule.ts'
export type { NextRun, Schedule, ScheduleReader } from './schedule.ts'
