export { createBackendApi } from './backend-api.ts'
export type { BackendApi, BackendApiOptions, Params } from './backend-api.ts'
export {
  ApiRefusedError,
  ApiUnavailableError,
  FeatureNotEnabledError,
  isAboutOnePath,
  SecretKeyRefusedError,
  UnreadableAnswerError,
} from './errors.ts'
export { createRateLimiter } from './rate-limiter.ts'
export type { RateLimiter, Rate } from './rate-limiter.ts'
export { defaultRate } from './rate-limiter.ts'
export { walk } from './walk.ts'
export { walkEverywhere } from './walk-organizations.ts'
export type { List, Page, Position } from './walk.ts'
export { countIn } from './read-list.ts'
export { clerkApiUrl, clerkSecretKey, optionalClerkSecretKey } from './settings.ts'
