/** The money desk, the reports and the payout files: the shapes of their addresses. */
import { API, call } from '../../api/client'
import type { Money, Page } from '../../api/types'

export type WorkKind = 'overpaid' | 'underpaid' | 'duplicate' | 'captured_without_order' | 'refund_failed' | 'refunded_elsewhere' | 'dispute_open' | 'dispute_lost' | 'provider_silent' | 'order_stuck' | 'ledger_unbalanced'
export const WORK_NAMES: Record<WorkKind, string> = {
  ledger_unbalanced: 'Books do not balance', captured_without_order: 'Money without an order', refund_failed: 'Refund failed', refunded_elsewhere: 'Refunded elsewhere', duplicate: 'Paid twice', overpaid: 'Overpaid', underpaid: 'Underpaid',
  dispute_open: 'Disputed', dispute_lost: 'Dispute lost', provider_silent: 'Provider is silent', order_stuck: 'Order is stuck',
}
export type WorkItem = {
  id: string; kind: WorkKind; order: { id: string; number: string } | null; amount: Money | null; since: string; provider: string | null; detail: string | null
  meaning: string; to_do: string; closed: { note: string; at: string; by: string | null } | null
}
export type WorkList = Page<WorkItem> & { counts: { kind: WorkKind; count: number }[] }
export const workPath = (done: boolean, after: string | null) => `/admin/money-work?limit=50${done ? '&done=true' : ''}${after ? `&after=${encodeURIComponent(after)}` : ''}`
export const closeWork = (id: string, note: string, key: string) => call('POST', `/admin/money-work/${id}/done`, { note }, { key })

export type Days = { from: string; to: string }
/** The thirty days up to this one, as the browser's calendar has them. */
export function lastDays(now: Date): Days {
  const day = (back: number) => {
    const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back)
    return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
  }
  return { from: day(29), to: day(0) }
}
export type What = 'sales' | 'payments'
export type By = 'show' | 'day' | 'provider'
/** A payment may be for several shows. */
export const WAYS: Record<What, readonly By[]> = { sales: ['show', 'day', 'provider'], payments: ['provider', 'day'] }
export const reportPath = (what: What, by: By, days: Days) => `/admin/reports/${what}?by=${by}&from=${days.from}&to=${days.to}`
/** The same as a file; of the books, every entry. */
export const csvAddress = (what: What | 'ledger', by: By, days: Days) => `${API}/admin/reports/${what}?${what === 'ledger' ? '' : `by=${by}&`}from=${days.from}&to=${days.to}&format=csv`

type About = { show?: { id: string; title: string; starts_at: string } | null; day: string | null; provider: string | null }
export type SalesFigures = { tickets_sold: number; tickets_given_back: number; gross: Money; discounts: Money; fees: Money; taxes: Money; refunds: Money; kept: Money; chargebacks: Money; net: Money }
export type PaymentsFigures = { captured: Money; refunded: Money; refunds_failed: Money; disputed: Money; disputes_won: Money; fees: Money; paid_out: Money; other: Money; net: Money }
export type Figures = Record<string, number | Money>
export type ReportRow = About & (SalesFigures | PaymentsFigures)
export type Report = { rows: ReportRow[]; totals: (SalesFigures | PaymentsFigures)[] }
export const COLUMNS: Record<What, readonly (readonly [key: string, head: string])[]> = {
  sales: [['tickets_sold', 'Sold'], ['tickets_given_back', 'Back'], ['gross', 'Gross'], ['discounts', 'Discounts'], ['fees', 'Fees'], ['taxes', 'Taxes'], ['refunds', 'Given back'], ['kept', 'Kept'], ['chargebacks', 'Lost'], ['net', 'Net']],
  payments: [['captured', 'Collected'], ['refunded', 'Refunded'], ['refunds_failed', 'Refunds failed'], ['disputed', 'Disputed'], ['disputes_won', 'Won back'], ['fees', 'Fees'], ['paid_out', 'Paid out'], ['other', 'Other'], ['net', 'Net']],
}

export type PayoutResult = 'matched' | 'different' | 'unknown' | 'missing' | 'known'
export const RESULT_NAMES: Record<PayoutResult, string> = { matched: 'Agrees', different: 'Another amount', unknown: 'Unknown here', missing: 'Not in the file', known: 'Had before' }
export type PayoutRun = {
  id: string; file_name: string; format: string; provider: string; first_day: string; last_day: string; at: string; counts: Record<PayoutResult, number>; fees: Money[]; paid_out: Money[]
}
export type PayoutLine = { position: number; result: PayoutResult; kind: string; reference: string; gross: Money; fee: Money; net: Money; ours: Money | null; day: string; order_number: string | null }
export type PayoutFile = Page<PayoutLine> & { run: PayoutRun }
export const bringPayouts = (organizer: string, file: File) => call<{ run: PayoutRun }>('POST', `/admin/reports/payouts?organizer_id=${organizer}&file_name=${encodeURIComponent(file.name.slice(0, 200))}`, file)
export const payoutPath = (id: string, result: PayoutResult | null, after: string | null) => `/admin/reports/payouts/${id}?limit=50${result ? `&result=${result}` : ''}${after ? `&after=${encodeURIComponent(after)}` : ''}`

export type DisputeRules = { tickets: 'flag' | 'suspend'; version: number }
export const disputeRulesPath = (organizer: string) => `/admin/organizers/${organizer}/dispute-rules`
