export { isClerkObject, readConcerned } from './entities/column.ts'
export type { Concerned } from './entities/column.ts'
export { columnTypes, latestTime } from './entities/column-types.ts'
export type { ColumnType } from './entities/column-types.ts'
export { ownerColumn, longestId } from './entities/entity.ts'
export type {
  ChildTable,
  ClerkObject,
  Column,
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
  changeOfUser,
  deletionFromApi,
  InvalidEventError,
  isFarFuture,
  updatedAtOf,
} from './change.ts'
export type {
  Change,
  Delete,
  EntityChange,
  EventChange,
  LedgerEvent,
  Recorded,
  Unreadable,
  Upsert,
} from './change.ts'
export { readRow, reportedPaths } from './read-row.ts'
export type { EntityRow, Row } from './read-row.ts'
export { fieldsLeftOut, keptBy, keptVariables } from './entities/kept-settings.ts'
export { admit, bodyLimitBytes, doctorUserAgent, textOf } from './webhooks/admission.ts'
export type { BodyRefused, Refusal } from './webhooks/admission.ts'
export {
  answerToError,
  answerToRefusal,
  droppedHeader,
  headersOf,
  invalidEvent,
  unverifiedOutcomes,
  verifiedOutcomes,
} from './webhooks/answer.ts'
export type { Answer, AnswerBody, Dropped, RequestOutcome } from './webhooks/answer.ts'
export { buildEventJob, parseEnvelope, parseEventJob, readEvent } from './webhooks/event-job.ts'
export type { Delivery, Envelope, EventJob, ReadEvent } from './webhooks/event-job.ts'
export { eventTypes, isEventType } from './webhooks/event-types.ts'
export type { EventType } from './webhooks/event-types.ts'
export { findExcess } from './webhooks/json-limits.ts'
export type { Excess } from './webhooks/json-limits.ts'
export { createRefusalLog, refusalReasons } from './webhooks/refusal-log.ts'
export type { RefusalReason } from './webhooks/refusal-log.ts'
export { createTypeLog } from './webhooks/type-log.ts'
export { isSigned, readSignatureHeaders, sign, verifySignature } from './webhooks/signature.ts'
export type { HeadersRefused, SignatureClaim, SignatureVerdict } from './webhooks/signature.ts'
export {
  createSigningSecret,
  fingerprintOf,
  parseSigningSecrets,
} from './webhooks/signing-secret.ts'
export { webhookSigningSecret } from './webhooks/signing-secret-setting.ts'
export type { SigningSecret } from './webhooks/signing-secret.ts'
export { user as userEntity } from './entities/user.ts'
