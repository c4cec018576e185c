export { createRegistry } from './create-registry.ts'
export { registerReadGauge } from './read-gauge.ts'
export type { Sample } from './read-gauge.ts'
export { shareReading } from './share-reading.ts'
