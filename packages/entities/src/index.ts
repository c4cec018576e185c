export { isClerkObject } from './column.ts'
export { readConcerned } from './concerned.ts'
export type { Concerned } from './concerned.ts'
export { columnTypes, latestTime } from './entity.ts'
export type { ChildTable, ClerkObject, Column, ColumnType, Entity, Owner } from './entity.ts'
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
} from './kept.ts'
export type { Choice, Effect, Field, Kept } from './kept.ts'
export { minimise } from './minimise.ts'
export { entities } from './registry.ts'
export { readRow } from './row.ts'
export type { EntityRow, Row } from './row.ts'
export { wellFormed } from './well-formed.ts'
