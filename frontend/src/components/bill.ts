/** How the lines of an order are read: places one by one, what comes with each of them summed up. */
import type { Line, Money } from '../api/types'

export type BillRow = { key: string; line: Line; quantity: number; amount: Money }

const ORDER: Record<Line['kind'], number> = { ticket: 0, discount: 1, fee: 2, tax: 3, exchange: 4, voucher: 5 }

export function billRows(lines: readonly Line[]): BillRow[] {
  const rows = new Map<string, BillRow>()
  for (const line of [...lines].sort((a, b) => ORDER[a.kind] - ORDER[b.kind])) {
    const key = line.kind === 'ticket' ? line.id : `${line.kind} ${line.label}`
    const row = rows.get(key)
    if (row) rows.set(key, { ...row, quantity: row.quantity + line.quantity, amount: { ...row.amount, amount: row.amount.amount + line.amount.amount } })
    else rows.set(key, { key, line, quantity: line.quantity, amount: line.amount })
  }
  return [...rows.values()]
}

/** How much tax stands in amounts, apart from what has lines of its own. */
export function taxWithin(lines: readonly Line[], currency: string): Money {
  return { amount: lines.reduce((sum, line) => (line.kind === 'tax' ? sum : sum + line.tax.amount), 0), currency }
}
