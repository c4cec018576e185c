import { idColumn } from './column.ts'
import type { Column, Entity } from './entity.ts'

/** Whom an event of billing concerns: the user or the organization that pays. */
export const payerConcerns: Entity['concerns'] = {
  user: 'payer.user_id',
  organization: 'payer.organization_id',
}

/** Who pays, with the path of Clerk's id of the payer. */
export function payerColumns(payerId: string): Column[] {
  return [
    idColumn('payer_id', { from: payerId }),
    idColumn('user_id', { from: 'payer.user_id', about: 'null where an organization pays' }),
    idColumn('organization_id', {
      from: 'payer.organization_id',
      about: 'null where a user pays',
    }),
  ]
}
