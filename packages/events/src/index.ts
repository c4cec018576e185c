export { isClerkObject, readConcerned } from './entities/column.ts'
export type { Concerned } from './entities/column.ts'
export { ownerColumn, columnTypes, latestTime, longestId } from './entities/entity.ts'
export type {
  ChildTable,
  ClerkObject,
  Column,
  ColumnType,
  Entity,
  EntityApi,
  Owner,
} from './entities/entity.ts'
export {
  choiceOf,
  everything,
  fieldName,
  fields,
  fieldsOf,
  isPartOf,
  parseEntities,
  parseFields,
  selectKept,
} from './entities/kept.ts'
export type { Choice, Effect, Field, Kept } from './entities/kept.ts'
export { minimise } from './webhooks/event-job.ts'
export { entities } from './entities/registry.ts'
export {
  changeFromApi,
  changeFromEvent,
  deletionFromApi,
  InvalidEventError,
  readRow,
  updatedAtOf,
} from './change.ts'
export type {
  Change,
  Delete,
  EntityChange,
  EntityRow,
  EventChange,
  LedgerEvent,
  Recorded,
  Row,
  Unreadable,
  Upsert,
} from './change.ts'
export { fieldsLeftOut, keptBy, keptVariables } from './entities/kept-settings.ts'
export { buildEventJob, parseEnvelope, parseEventJob } from './webhooks/event-job.ts'
export type { Delivery, Envelope, EventJob } from './webhooks/event-job.ts'
export { eventTypes, isEventType } from './webhooks/event-types.ts'
export type { EventType } from './webhooks/event-types.ts'
export { findExcess } from './webhooks/json-limits.ts'
export type { Excess } from './webhooks/json-limits.ts'
export { isSigned, readSignatureHeaders, sign, verifySignature } from './webhooks/signature.ts'
export type { HeadersRefused, SignatureClaim, SignatureVerdict } from './webhooks/signature.ts'
export {
  createSigningSecret,
  parseSigningSecrets,
  webhookSigningSecret,
} from './webhooks/signing-secret.ts'
export type { SigningSecret } from './webhooks/signing-secret.ts'
export { user as userEntity } from './entities/user.ts'
