import type { Person, PersonEvent } from './person.ts'

const anHourMs = 3_600_000

/** All events that Clerk may send about a person, in two rounds; the former name comes first. */
export function liveOf({ build, userId, id, text, keep, address }: Person): PersonEvent[][] {
  const invited = { email_address: address('invited').email_address }
  const accepted = { ...invited, status: 'accepted', user_id: userId }
  const waiting = { email_address: text('waiting') }
  return [
    [
      build('user.created', { id: userId, data: { first_name: keep('former-first-name') } }),
      build('session.created', { id: id('sess') }),
      build('organizationMembership.created', { id: id('orgmem') }),
      build('organizationInvitation.created', { id: id('orginv'), data: invited }),
      build('waitlistEntry.created', { id: id('wle'), data: waiting }),
      build('subscription.created', { id: id('csub') }),
      build('subscriptionItem.created', { id: id('csub_item') }),
      build('paymentAttempt.created', { id: id('pa') }),
      build('email.created', { id: id('ema') }),
      build('sms.created', { id: id('sms') }),
    ],
    [
      build('user.updated', { id: userId }),
      build('session.ended', { id: id('sess') }),
      build('organizationMembership.updated', { id: id('orgmem') }),
      build('organizationInvitation.accepted', { id: id('orginv'), data: accepted }),
      build('organizationInvitation.accepted', { id: id('orginv_b'), data: accepted }),
      build('waitlistEntry.updated', { id: id('wle'), data: { ...waiting, status: 'completed' } }),
      build('subscription.updated', { id: id('csub') }),
      build('paymentAttempt.updated', { id: id('pa') }),
    ],
  ]
}

/** Events of a person that arrive after their deletion, in two rounds. */
export function lateEventsOf({ build, userId, id, text }: Person): PersonEvent[][] {
  const late = { first_name: text('late-first-name'), username: text('late-username') }
  const invited = { email_address: text('late-invited') }
  const accepted = { ...invited, status: 'accepted', user_id: userId }
  const now = Date.now() + 60_000
  // An invitation is older than its acceptance, however late it comes.
  const earlier = Date.now() - 10 * anHourMs
  return [
    [
      build('user.updated', { id: userId, data: late }),
      build('user.updated', { id: userId, data: late, now }),
      build('user.created', { id: userId, data: late, now: earlier }),
      build('user.updated', { id: userId, data: { ...late, first_name: [text('late-list')] } }),
      build('user.deleted', { id: userId }),
      build('session.created', { id: id('sess_late'), now }),
      build('session.ended', { id: id('sess'), now }),
      build('organizationMembership.created', { id: id('orgmem_late'), now }),
      build('organizationMembership.deleted', { id: id('orgmem'), now }),
      build('organizationInvitation.created', { id: id('orginv_b'), data: invited, now: earlier }),
      build('organizationInvitation.created', { id: id('orginv_c'), data: invited }),
      build('organizationInvitation.accepted', { id: id('orginv_d'), data: accepted }),
      build('waitlistEntry.updated', { id: id('wle'), data: { ...invited, status: 'completed' } }),
      build('subscription.updated', { id: id('csub'), now }),
      build('email.created', { id: id('ema_late') }),
      build('sms.created', { id: id('sms_late') }),
    ],
    [
      build('organizationInvitation.accepted', { id: id('orginv_c'), data: accepted }),
      build('organizationInvitation.created', { id: id('orginv_d'), data: invited, now: earlier }),
    ],
  ]
}

/** An address that was one person's becomes another's. */
export function moveAddress(from: Person, to: Person): PersonEvent[][] {
  const moving = to.address('moving')
  const [own, others] = [from.address('email'), to.address('email')]
  return [
    [from.build('user.updated', { id: from.userId, data: { email_addresses: [own, moving] } })],
    [
      from.build('user.updated', { id: from.userId }),
      to.build('user.updated', { id: to.userId, data: { email_addresses: [others, moving] } }),
    ],
    [to.build('user.updated', { id: to.userId, data: { email_addresses: [others, moving] } })],
  ]
}
