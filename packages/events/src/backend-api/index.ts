export { createBackendApi } from './backend-api.ts'
export type { BackendApi, BackendApiOptions, Params } from './backend-api.ts'
export {
  ApiRefusedError,
  ApiUnavailableError,
  FeatureNotEnabledError,
  SecretKeyRefusedError,
} from './errors.ts'
export { createPace } from './pace.ts'
export type { Pace, Rate } from './pace.ts'
export { usualRate } from './usual-rate.ts'
export { walk } from './walk.ts'
export type { Page, Position } from './walk.ts'
export { clerkApiUrl, clerkSecretKey, optionalClerkSecretKey } from './settings.ts'
