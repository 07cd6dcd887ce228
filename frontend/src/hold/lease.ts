/**
 * How long a hold still lives. The server says how many milliseconds are left; from then on only time that has passed counts, so the
 * reader's own clock may be as wrong as it likes.
 */
export type Lease = { endsAt: number; standsAt?: undefined } | {
  /** The show is paused: so many milliseconds are left, and stay left until it goes on. */
  standsAt: number
}
/** When the page asks whether to keep the seats longer. */
export const WARN_BEFORE_MS = 90_000

export const leaseFrom = (expiresInMs: number, now: number, paused = false): Lease =>
  paused ? { standsAt: Math.max(0, expiresInMs) } : { endsAt: now + Math.max(0, expiresInMs) }
/** A hold lives while this is above zero; at the very millisecond of its deadline it is over. */
export const leftMs = (lease: Lease, now: number): number => lease.standsAt ?? Math.max(0, lease.endsAt - now)
export const isEnding = (lease: Lease, now: number): boolean => lease.standsAt === undefined && leftMs(lease, now) <= WARN_BEFORE_MS

/** Minutes and seconds, rounded up so that "0:00" is only ever said when it is over. */
export function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Whether pressing "keep longer" can still gain anything. */
export function canExtend(hold: { expires_at: string | null; extendable_until: string | null }): boolean {
  if (!hold.expires_at || !hold.extendable_until) return false
  return Date.parse(hold.extendable_until) > Date.parse(hold.expires_at)
}
