export { createBackendApi } from './backend-api.ts'
export type { BackendApi, BackendApiOptions, Params } from './backend-api.ts'
export {
  ApiRefusedError,
  ApiUnavailableError,
  FeatureNotEnabledError,
  SecretKeyRefusedError,
} from './errors.ts'
export { createRateLimiter } from './rate-limiter.ts'
export type { RateLimiter, Rate } from './rate-limiter.ts'
export { defaultRate } from './rate-limiter.ts'
export { walk } from './walk.ts'
export type { Page, Position } from './walk.ts'
export { clerkApiUrl, clerkSecretKey, optionalClerkSecretKey } from './settings.ts'
