/**
 * What this browser remembers of one show, so that a reload, a killed tab or a lost answer changes nothing: written before the
 * request leaves, read when the page opens.
 */
import type { HoldRequest, OrderRequest } from '../api/types'

export type HoldRecord = {
  /** A hold that was asked for and whose answer we don't have. */
  asking?: { key: string; body: HoldRequest }
  hold?: { id: string; token: string }
  /** An order that was asked for and whose answer we don't have. */
  ordering?: { key: string; body: OrderRequest }
  /** The order that this hold is paying for. */
  order?: string
}

const holdKey = (show: string) => `aisle.show.${show}`
const orderKey = (order: string) => `aisle.order.${order}`

function read<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(key)
    return text === null ? null : (JSON.parse(text) as T)
  } catch {
    return null
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Storage is full or forbidden: the page works on, but a reload will not find the hold.
  }
}

export function readRecord(show: string): HoldRecord { return read<HoldRecord>(holdKey(show)) ?? {} }

/** Changes some of the record; `undefined` forgets a part. */
export function changeRecord(show: string, part: Partial<HoldRecord>): HoldRecord {
  const record = { ...readRecord(show), ...part }
  if (record.asking ?? record.hold ?? record.ordering ?? record.order) write(holdKey(show), record)
  else forgetRecord(show)
  return record
}

export function forgetRecord(show: string): void {
  try {
    localStorage.removeItem(holdKey(show))
  } catch {
    // As above.
  }
}

/** Calls back when another tab changed what we remember of this show. */
export function onRecordElsewhere(show: string, tell: () => void): () => void {
  const listener = (event: StorageEvent) => { if (event.key === holdKey(show)) tell() }
  window.addEventListener('storage', listener)
  return () => window.removeEventListener('storage', listener)
}

export function rememberOrder(order: string, token: string): void { write(orderKey(order), token) }
export function forgetOrder(order: string): void {
  try {
    localStorage.removeItem(orderKey(order))
  } catch {
    // As above.
  }
}
export function orderToken(order: string): string | null { return read<string>(orderKey(order)) }
