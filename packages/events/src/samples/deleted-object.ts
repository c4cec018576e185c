import type { SampleContext } from './sample.ts'

/** Builds the `data` of most `*.deleted` events, which carries no times and no parent. */
export function buildDeletedObject(object: string, context: SampleContext) {
  return { object, id: context.id, deleted: true }
}
