export { buildSample } from './build-sample.ts'
export { createClerkId } from './clerk-id.ts'
