// For Bull Board and tests only: what they need of BullMQ itself.
export { readJobStates } from './job-states.ts'
export type { JobState } from './job-states.ts'
export { bullQueueOf } from './open-queue.ts'
export { freshAttempts, jobOptions, toJobId } from './producer.ts'
