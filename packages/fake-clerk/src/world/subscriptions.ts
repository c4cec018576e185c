import type { EventType } from '@clerk-sync/events'
import { buildObject } from './build-object.ts'
import { birthOf, changeObject } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import { showItemEvent, showSubscriptionEvent } from './show-billing.ts'
import type { WorldContext } from './store.ts'

const itemEvents: Record<string, EventType> = {
  active: 'subscriptionItem.active',
  canceled: 'subscriptionItem.canceled',
  upcoming: 'subscriptionItem.upcoming',
  ended: 'subscriptionItem.ended',
  abandoned: 'subscriptionItem.abandoned',
  incomplete: 'subscriptionItem.incomplete',
  past_due: 'subscriptionItem.pastDue',
}

const subscriptionEvents: Record<string, EventType> = {
  active: 'subscription.active',
  past_due: 'subscription.pastDue',
}

/** Builds the functions that change subscriptions and their items. */
export function buildSubscriptionChanges({ store, clock, publish }: WorldContext) {
  function addItem(subscription: ClerkObject, given: Fields): ClerkObject {
    const { id, at, fields } = birthOf('csub_item', clock, given)
    const {
      payer: _payer,
      subscription_id: _parent,
      ...sample
    } = buildObject('subscriptionItem.active', id, at, { updated_at: at })
    const { user_id: userId, organization_id: organizationId } = subscription
    const item = {
      ...sample,
      canceled_at: null,
      past_due_at: null,
      ended_at: null,
      ...fields,
      subscription_id: subscription.id,
      user_id: userId,
      organization_id: organizationId,
    } as ClerkObject
    store.subscriptionItems.add(item)
    return item
  }

  function tellOfItem(type: EventType | undefined, item: ClerkObject): ClerkObject {
    const shown = showItemEvent(store, item)
    publish(type ?? 'subscriptionItem.updated', shown, item.updated_at)
    return structuredClone(shown)
  }

  return {
    /** Subscribes `user_id` or `organization_id` to `items`, one sample item unless given. */
    createSubscription: (given: Fields): ClerkObject => {
      const { items = [{}], ...rest } = given
      const { id, at, fields } = birthOf('csub', clock, rest)
      if (fields['user_id'] !== undefined) store.users.get(fields['user_id'])
      else store.organizations.get(fields['organization_id'])
      const {
        items: _items,
        payer: _payer,
        payer_id: _payerId,
        ...sample
      } = buildObject('subscription.created', id, at, {})
      const subscription = { ...sample, ...fields }
      store.subscriptions.add(subscription)
      const added = (items as Fields[]).map((item) => addItem(subscription, item))
      const shown = showSubscriptionEvent(store, subscription)
      publish('subscription.created', shown, subscription.updated_at)
      for (const item of added) tellOfItem(itemEvents[String(item['status'])], item)
      return structuredClone(shown)
    },

    /** Changes a subscription; a new status of `active` or `past_due` has an event of its own. */
    updateSubscription: (id: string, fields: Fields): ClerkObject => {
      const { status } = store.subscriptions.get(id)
      const subscription = changeObject(store.subscriptions, clock, id, fields)
      const shown = showSubscriptionEvent(store, subscription)
      const type =
        subscription['status'] === status
          ? undefined
          : subscriptionEvents[String(subscription['status'])]
      publish(type ?? 'subscription.updated', shown, subscription.updated_at)
      return structuredClone(shown)
    },

    createSubscriptionItem: (subscriptionId: string, fields: Fields = {}): ClerkObject => {
      const item = addItem(store.subscriptions.get(subscriptionId), fields)
      return tellOfItem(itemEvents[String(item['status'])], item)
    },

    /** Changes an item; a new status has an event of its own. */
    updateSubscriptionItem: (id: string, fields: Fields): ClerkObject => {
      const { status } = store.subscriptionItems.get(id)
      const item = changeObject(store.subscriptionItems, clock, id, fields)
      return tellOfItem(
        item['status'] === status ? undefined : itemEvents[String(item['status'])],
        item,
      )
    },
  }
}
