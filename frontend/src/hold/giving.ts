/**
 * Tickets that somebody wants to give for others: kept for this tab, from the order that has them to the checkout of what they are
 * given for.
 */
export type Giving = { order_id: string; number: string; tickets: string[]; token?: string }

const GIVING = 'aisle.exchange'

export function readGiving(): Giving | null {
  try {
    return JSON.parse(sessionStorage.getItem(GIVING) ?? 'null') as Giving | null
  } catch {
    return null
  }
}

export function keepGiving(giving: Giving | null): void {
  try {
    if (giving) sessionStorage.setItem(GIVING, JSON.stringify(giving))
    else sessionStorage.removeItem(GIVING)
  } catch {
    // Storage is forbidden: the checkout knows nothing of it, and says the full price.
  }
}

/** As a quote and an order are asked with it. */
export function asked(giving: Giving | null) {
  return giving ? { exchange: { order_id: giving.order_id, tickets: giving.tickets, ...(giving.token ? { token: giving.token } : {}) } } : {}
}
