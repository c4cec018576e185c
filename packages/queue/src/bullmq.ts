// For Bull Board and tests only: what they need of BullMQ itself.
export { bullQueueOf } from './open-queue.ts'
export { freshAttempts, jobOptions, toJobId } from './producer.ts'
