/** What puts objects of one kind into one total order. */
export interface OrderKey {
  created_at: number
  id: string
}

/** Compares by time of creation, then by id. */
export function compareKeys(left: OrderKey, right: OrderKey): number {
  if (left.created_at !== right.created_at) return left.created_at - right.created_at
  if (left.id === right.id) return 0
  return left.id < right.id ? -1 : 1
}

/** Finds the place of a key in a sorted list, or where it would have to go. */
export function placeOf(sorted: readonly OrderKey[], key: OrderKey): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const object = sorted[middle]
    if (object && compareKeys(object, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
