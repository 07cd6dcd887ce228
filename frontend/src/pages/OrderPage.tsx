import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { Problem, call, newKey } from '../api/client'
import { useSite } from '../api/queries'
import type { Order, OrderStatus, Payment, PaymentStatus, Ticket } from '../api/types'
import { Bill } from '../components/Bill'
import { PayBy, usePaymentMethods, wayNamed } from '../components/PayBy'
import { Poster } from '../components/Poster'
import { Shell } from '../components/Shell'
import { Trouble } from '../components/Trouble'
import { clock, leaseFrom } from '../hold/lease'
import { forgetOrder, forgetRecord, orderToken, readRecord, rememberOrder } from '../hold/record'
import { useLeft } from '../hold/useBasket'
import { useSpeech } from '../i18n'
import { Button, ButtonLink, Notice, Waiting, buttonClass } from '../ui'
import { FindOrder } from './FindOrderPage'
import { Cancel } from './OrderCancel'
import { Exchange, Exchanged } from './OrderExchange'
import { Keeping, LinksEnded } from './OrderKeeping'
import { PassOn } from './OrderPassOn'
import './order.css'

const POLL_MS = 1_500
/** People decide, and that takes its time. */
const POLL_REVIEW_MS = 15_000
/** A longer code is for scanners; nobody reads it out at the door. */
const CODE_SAID_MAX = 24
/** What is still on its way and may change without the reader doing anything. */
const MOVING: Record<OrderStatus, boolean> = {
  awaiting_payment: true, in_review: true, paid: true, confirmed: false, expired: false, cancelled: false, refunding: true, refunded: false, partially_refunded: false,
}
const HAS_TICKETS: Record<OrderStatus, boolean> = {
  awaiting_payment: false, in_review: false, paid: true, confirmed: true, expired: false, cancelled: false, refunding: true, refunded: false, partially_refunded: true,
}
const MAY_PASS_ON: Record<OrderStatus, boolean> = {
  awaiting_payment: false, in_review: false, paid: false, confirmed: true, expired: false, cancelled: false, refunding: false, refunded: false, partially_refunded: true,
}
/** What may be given back, or given up. */
const CANCELS: Record<OrderStatus, boolean> = {
  awaiting_payment: false, in_review: true, paid: false, confirmed: true, expired: false, cancelled: false, refunding: false, refunded: false, partially_refunded: true,
}
/** Payments that wait for their buyer. */
const OPEN: Record<PaymentStatus, boolean> = { starting: true, pending: true, authorized: false, captured: false, declined: false, cancelled: false, refunded: false }
/** Payments that came to nothing: another may be tried. */
const FAILED: Record<PaymentStatus, boolean> = { starting: false, pending: false, authorized: false, captured: false, declined: true, cancelled: true, refunded: false }

export function OrderPage({ id }: { id: string }) {
  const { t } = useSpeech()
  const [token, setToken] = useState(() => takeToken(id))
  const [endedFor, setEndedFor] = useState<string | null>(null)
  const order = useQuery({
    queryKey: ['order', id],
    queryFn: async ({ signal }) => (await call<{ order: Order }>('GET', `/orders/${id}`, undefined, { signal, ...(token ? { orderToken: token } : {}) })).order,
    refetchInterval: ({ state }) => (!state.data || !MOVING[state.data.status] ? false : state.data.status === 'in_review' ? POLL_REVIEW_MS : POLL_MS),
  })
  const refusal = order.error instanceof Problem ? order.error : null
  // Who is signed in and has no link is told that there is nothing here; perhaps they have only lost the link.
  const locked = refusal !== null && (refusal.status === 401 || refusal.status === 403 || (refusal.status === 404 && !token))
  const ended = refusal?.code === 'order_link_ended'
  // The link in the address bar is dead. Who owns the order or sold it needs none; to anybody else the next one is in the mail.
  const onEnded = (email: string, stays: boolean) => {
    forgetOrder(id)
    setToken(null)
    history.replaceState(null, '', location.pathname)
    if (!stays) setEndedFor(email)
  }
  if (endedFor !== null) return <LinksEnded email={endedFor} />
  return (
    <Shell title={order.data ? t.order.number(order.data.number) : t.nav.findOrder}>
      <div className="page">
        {order.isPending && <Waiting label={t.common.loading} />}
        {locked && !order.data && <FindOrder intro={<Notice kind={ended ? 'alarm' : 'plain'}>{ended ? t.order.linkEnded : `${t.order.noToken} ${t.order.noTokenHint}`}</Notice>} />}
        {order.isError && !locked && !order.data && <Trouble error={order.error} again={() => void order.refetch()} />}
        {order.data && <Receipt order={order.data} token={token} again={() => void order.refetch()} onEnded={onEnded} />}
      </div>
    </Shell>
  )
}

/** The token stands after `#`, where no log sees it; this browser remembers it for the way back from the payment page. */
function takeToken(order: string): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('t')
  if (given) rememberOrder(order, given)
  return given ?? orderToken(order)
}

type ReceiptProps = { order: Order; token: string | null; again(): void; onEnded(email: string, stays: boolean): void }

function Receipt({ order, token, again, onEnded }: ReceiptProps) {
  const { t, f } = useSpeech()
  const site = useSite().data
  const settled = !MOVING[order.status]
  // It was held for the house to look at, and the house did not sell.
  const notSold = order.status === 'expired' && order.review_by !== null
  // All of it was given for other tickets, and no money went back.
  const swapped = order.status === 'refunded' && order.refunds.length === 0 && order.exchanges.some((one) => one.from_order === order.id)
  // A hold that became an order, or ended with it, has nothing left to come back to.
  useEffect(() => {
    if (!settled) return
    for (const hold of order.holds) if (readRecord(hold.show_id).hold?.id === hold.hold_id) forgetRecord(hold.show_id)
  }, [settled, order.holds])
  return (
    <article className="order">
      <header className="order__head">
        <p className="soft">{t.order.number(order.number)}</p>
        <h1 className="display order__title" aria-live="polite">{notSold ? t.order.notSold : swapped ? t.order.exchange.done : t.order.status[order.status]}</h1>
        <p className="prose">{notSold ? t.order.notSoldText : t.order.say[order.status]}</p>
        {order.status === 'in_review' && order.review_by && <p>{t.order.reviewBy(`${f.longDay(order.review_by)}, ${f.time(order.review_by)}`)}</p>}
        {order.status === 'awaiting_payment' && <Paying order={order} token={token} again={again} />}
        {(order.status === 'expired' || order.status === 'cancelled') && order.shows[0] && <Link href={`/shows/${order.shows[0].id}`} className={buttonClass('lamp')}>{t.order.again}</Link>}
        {order.status === 'confirmed' && site?.mail === 'mailbox' && <Link href="/admin/mailbox" className="order__mailbox">{t.order.mailbox}</Link>}
      </header>
      <div className="order__main">
        {order.shows.map((show) => (
          <div key={show.id} className="order__show">
            <div className="order__poster"><Poster url={show.poster_url} /></div>
            <div>
              <h2 className="display order__name">{show.title}</h2>
              <p>{f.longDay(show.starts_at, show.time_zone)}</p>
              <p>{t.order.starts} {f.time(show.starts_at, show.time_zone)}{show.doors_at && `, ${t.production.doors(f.time(show.doors_at, show.time_zone))}`}</p>
              <p className="soft">{show.venue}, {show.city}</p>
            </div>
          </div>
        ))}
        {HAS_TICKETS[order.status] && <Tickets order={order} token={token} again={again} />}
        <Exchanged order={order} />
        {order.refunds.length > 0 && (
          <section aria-labelledby="refunds">
            <h2 id="refunds" className="order__h">{t.order.refunds}</h2>
            <ul>{order.refunds.map((refund) => <li key={refund.id}>{f.money(refund.amount)}, {t.order.refundState[refund.status]}{refund.onto_voucher && `, ${t.order.ontoVoucher}`}{refund.through_exchange && `, ${t.order.throughExchange}`}</li>)}</ul>
          </section>
        )}
      </div>
      <aside className="order__side">
        <Bill title={t.order.allBill} totalLabel={t.basket.total} lines={order.lines} total={order.total} />
        {MAY_PASS_ON[order.status] && <Exchange order={order} token={token} />}
        {CANCELS[order.status] && <Cancel order={order} token={token} again={again} />}
        <Keeping order={order} token={token} again={again} onEnded={onEnded} />
      </aside>
    </article>
  )
}

function Paying({ order, token, again }: { order: Order; token: string | null; again(): void }) {
  const { t, f } = useSpeech()
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const lease = useMemo(() => (order.pay_in_ms === null ? null : leaseFrom(order.pay_in_ms, performance.now())), [order.pay_in_ms])
  const left = useLeft(lease)
  const { payment } = order
  const gone = payment === null || FAILED[payment.status]
  const methods = usePaymentMethods(gone ? order.shows[0]?.id : undefined).data ?? []
  const [way, setWay] = useState<string>()
  // The way that was tried, unless they choose another.
  const chosen = wayNamed(methods, way ?? (payment ? `${payment.provider}/${payment.method}` : undefined))
  const mine = order.holds.find((hold) => readRecord(hold.show_id).hold?.id === hold.hold_id)
  const payAgain = async () => {
    setBusy(true)
    setFailed(null)
    try {
      const answer = await call<{ payment: Payment | null }>('POST', `/orders/${order.id}/payments`, chosen ? { provider: chosen.provider, method: chosen.method } : {}, { key: paymentKey(order, chosen ? `${chosen.provider}/${chosen.method}` : ''), ...(token ? { orderToken: token } : {}) })
      if (answer.payment?.checkout_url) location.assign(answer.payment.checkout_url)
      else again()
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="order__paying">
      {lease && <p className="order__clock">{t.order.payBy(clock(left))}</p>}
      {payment?.status === 'declined' && <Notice kind="alarm">{t.order.declined}</Notice>}
      {failed !== null && <Notice kind="alarm">{f.problem(failed)}</Notice>}
      {gone && methods.length > 1 && <PayBy methods={methods} chosen={chosen} onChoose={setWay} />}
      <p className="order__acts">
        {gone ? <Button look="lamp" disabled={busy} onClick={() => void payAgain()}>{busy ? t.basket.working : t.order.payAgain}</Button>
          : OPEN[payment.status] && payment.checkout_url && <ButtonLink look="lamp" href={payment.checkout_url}>{t.order.payNow}</ButtonLink>}
        {mine && <Link href={`/shows/${mine.show_id}`} className={buttonClass('line')}>{t.order.others}</Link>}
      </p>
      {mine && <p className="soft small">{t.order.othersHint}</p>}
    </div>
  )
}

/** One key for each attempt: pressing twice after the same failed payment starts one new payment, not two. */
const paymentKeys = new Map<string, string>()
function paymentKey(order: Order, way: string): string {
  const attempt = `${order.id} ${order.payment?.id ?? ''} ${way}`
  const key = paymentKeys.get(attempt) ?? newKey()
  paymentKeys.set(attempt, key)
  return key
}

function Tickets({ order, token, again }: { order: Order; token: string | null; again(): void }) {
  const { t } = useSpeech()
  const tickets = useQuery({
    queryKey: ['tickets', order.id, order.status],
    queryFn: ({ signal }) => call<{ items: Ticket[] }>('GET', `/orders/${order.id}/tickets`, undefined, { signal, ...(token ? { orderToken: token } : {}) }),
    refetchInterval: ({ state }) => (order.status === 'confirmed' && (state.data?.items.length ?? 0) === 0 ? POLL_MS : false),
  })
  const items = tickets.data?.items ?? []
  if (tickets.isError) return <Trouble error={tickets.error} again={() => void tickets.refetch()} />
  if (items.length === 0) return order.status === 'refunding' ? null : <Waiting label={t.order.status.paid} />
  return (
    <section aria-labelledby="tickets">
      <h2 id="tickets" className="order__h">{t.order.tickets}</h2>
      <ul className="stubs">
        {items.map((ticket) => {
          const place = ticket.area && !ticket.seat ? ticket.area : t.show.seat(ticket.section ?? '', ticket.row ?? '', ticket.number ?? '')
          const state = t.order.ticketState[ticket.status] ?? ''
          return (
            <li key={ticket.id} className={state ? 'stub stub--off' : 'stub'}>
              {ticket.svg_url && <img className="stub__code" src={ticket.svg_url} alt={t.order.qr(place)} width={160} height={160} />}
              <div className="stub__words">
                <p className="stub__place">{place}</p>
                <p className="soft small">{ticketKind(order, ticket)}</p>
                {ticket.code !== null && ticket.code.length <= CODE_SAID_MAX && <p className="stub__number">{ticket.code}</p>}
                {state && <p><strong>{state}</strong></p>}
                {ticket.passed_on && <p><strong>{t.order.pass.done}</strong></p>}
                {ticket.pdf_url && <ButtonLink small href={ticket.pdf_url} target="_blank" rel="noreferrer" aria-label={`${t.order.ticketPdf}: ${place}`}>{t.order.ticketPdf}</ButtonLink>}
                {MAY_PASS_ON[order.status] && ticket.status === 'valid' && <PassOn order={order} token={token} ticket={ticket.id} place={place} done={() => { void tickets.refetch(); again() }} />}
              </div>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** What the bill calls it, where that says more than the place; else the ticket type. */
function ticketKind(order: Order, ticket: Ticket): string {
  const label = order.lines.find((line) => line.seat !== null && line.seat === ticket.seat)?.label
  return label && ticket.number && !label.includes(ticket.number) ? label : ticket.ticket_type
}
