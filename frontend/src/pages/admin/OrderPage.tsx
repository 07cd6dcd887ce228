import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { call, newKey } from '../../api/client'
import type { Cancellation, Order, OrderMoney } from '../../api/types'
import { Confirm } from '../../components/Confirm'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { TextField, Waiting, buttonClass } from '../../ui'
import { Office } from './Office'
import { ACTS, Moment, Table } from './Paged'
import { ReviewCell } from './ReviewCell'
import { minorUnits } from './api'

const WHAT_FOR: Record<OrderMoney['refunds'][number]['what_for'], string> = { tickets: 'Tickets', goodwill: 'Kindness', late: 'Money that came too late', duplicate: 'Second payment', amount: 'Wrong amount', again: 'Tried again', elsewhere: 'Made at the provider', exchange: 'Exchange' }
const EXCHANGE: Record<Order['exchanges'][number]['state'], string> = { open: 'not paid yet', sold: 'sold', off: 'not sold after all', done: 'done' }
const LINE: Record<OrderMoney['lines'][number]['state'], string> = { sold: '', giving_back: 'on its way back', given_back: 'given back', paid_with: 'paid with it' }
const GIVES: readonly string[] = ['confirmed', 'partially_refunded']

/** One order with all its money, and what staff can do with it. */
export function AdminOrderPage({ id }: { id: string }) {
  const { t, f } = useSpeech()
  const order = useQuery({ queryKey: ['admin', 'order', id], queryFn: async ({ signal }) => (await call<{ order: Order }>('GET', `/admin/orders/${id}`, undefined, { signal })).order, refetchInterval: 5_000 })
  const money = useQuery({ queryKey: ['admin', 'order', id, 'money'], queryFn: async ({ signal }) => (await call<{ money: OrderMoney }>('GET', `/admin/orders/${id}/money`, undefined, { signal })).money, refetchInterval: 5_000 })
  const trouble = order.isError ? order : money.isError ? money : null
  return (
    <Office title={order.data ? `Order ${order.data.number}` : 'Order'}>
      <p><Link href="/admin/orders" className={buttonClass('plain', true)}>All orders</Link></p>
      {trouble && <Trouble error={trouble.error} again={() => void trouble.refetch()} />}
      {!trouble && (!order.data || !money.data) && <Waiting label={t.common.loading} />}
      {order.data && money.data && (
        <>
          <p><strong>{order.data.status.replaceAll('_', ' ')}</strong>, {f.money(order.data.total)}, of which {f.money(money.data.left)} has not gone back</p>
          <p>{order.data.customer.name || <span className="soft">erased</span>} <span className="soft">{order.data.customer.email}</span></p>
          <p className="soft">Made <Moment at={order.data.created_at} />, tickets <Moment at={order.data.confirmed_at} none="not issued" />. {order.data.shows.map((show) => `${show.title}, ${f.day(show.starts_at, show.time_zone)}`).join('; ')}</p>
          {order.data.review && <ReviewCell order={order.data} review={order.data.review} />}
          <Exchanges order={order.data} />
          <Acts order={order.data} money={money.data} />
          <Lines order={order.data} money={money.data} />
          <Payments money={money.data} />
          <Refunds id={id} money={money.data} />
          <Books money={money.data} />
        </>
      )}
    </Office>
  )
}

/** Sends a wish; the same wish again has the same key, another one another. */
function useWish(path: string) {
  const client = useQueryClient()
  const keys = useRef(new Map<string, string>())
  return async (body: unknown) => {
    const text = JSON.stringify(body)
    const key = keys.current.get(text) ?? newKey()
    keys.current.set(text, key)
    try {
      await call('POST', path, body, { key })
      keys.current.delete(text)
    } finally {
      await client.invalidateQueries({ queryKey: ['admin'] })
    }
  }
}

function Acts({ order, money }: { order: Order; money: OrderMoney }) {
  const { f } = useSpeech()
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const [byHand, setByHand] = useState('')
  const refund = useWish(`/admin/orders/${order.id}/refunds`)
  const resend = useWish('/orders/lookup')
  const policy = useQuery({
    queryKey: ['admin', 'order', order.id, 'cancellation'], enabled: GIVES.includes(order.status),
    queryFn: async ({ signal }) => (await call<{ cancellation: Cancellation }>('GET', `/orders/${order.id}/cancellation`, undefined, { signal })).cancellation,
  })
  const amount = minorUnits(typed, money.total.currency)
  const why = <TextField label="Why (the buyer reads it)" required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
  const much = (label: string) => <TextField label={label} required inputMode="decimal" value={typed} error={typed !== '' && amount === null ? 'Not an amount' : undefined} onChange={(event) => setTyped(event.target.value)} />
  const hand = <TextField label="Given back by hand? How (nothing is sent then)" maxLength={500} value={byHand} onChange={(event) => setByHand(event.target.value)} />
  const words = () => ({ reason: reason.trim(), ...(byHand.trim() ? { by_hand: byHand.trim() } : {}) })
  const left = f.money(money.left)
  return (
    <div className="table__acts">
      {GIVES.includes(order.status) && (
        <>
          <Confirm label="Give back under the policy" title="Give back under the policy" yes="Give back" run={() => refund(words())} text={<p>{policy.data ? policy.data.open ? <>The policy gives {f.money(policy.data.back)} back and keeps {f.money(policy.data.kept)}. The tickets no longer admit.</> : 'The policy does not allow it any more.' : 'Reading the policy…'}</p>}>{why}{hand}</Confirm>
          <Confirm label="Give back, and say how much" title="Give back, and say how much" yes="Give back" run={() => refund({ ...words(), amount: amount ?? -1 })} text={<p>All tickets that are left no longer admit. At most {left} can go back; what does not is kept.</p>}>{much('How much goes back')}{why}{hand}</Confirm>
          <Confirm label="Kindness" title="Money back, and the tickets stay good" yes="Give back" run={() => refund({ ...words(), amount: amount ?? -1, keep_tickets: true })} text={<p>The tickets stay good. At most {left} can go back; it is not given again should the tickets come back later.</p>}>{much('How much')}{why}{hand}</Confirm>
        </>
      )}
      {order.customer.email && <Confirm label="Send the link again" title="Send the link again" yes="Send" run={() => resend({ number: order.number, email: order.customer.email })} text={<p>The link and the tickets go to {order.customer.email} once more.</p>} />}
      <Link href={`/orders/${order.id}`} className={buttonClass('plain', true)}>As the buyer sees it</Link>
    </div>
  )
}

/** What its tickets were given for, and what it was paid with. */
function Exchanges({ order }: { order: Order }) {
  const { f } = useSpeech()
  return order.exchanges.map((one) => {
    const given = one.from_order === order.id
    const [id, number] = given ? [one.into_order, one.into_number] : [one.from_order, one.from_number]
    return (
      <p key={one.into_order}>
        {given ? 'Tickets given in exchange for' : 'Paid with tickets of'} <Link href={`/admin/orders/${id}`}>order {number}</Link>: {EXCHANGE[one.state]}; worth {f.money(one.worth)}, of which {f.money(one.credit)} paid
        {one.returned.amount > 0 && <>, and {f.money(one.returned)} has come back</>}
      </p>
    )
  })
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return <section><h2 className="part__title">{title}</h2>{children}</section>
}

function Lines({ order, money }: { order: Order; money: OrderMoney }) {
  const { f } = useSpeech()
  const good = GIVES.includes(order.status)
  return (
    <Section title="Lines">
      <Table label="Lines" heads={['What', 'Kind', 'Price', 'Kept', 'State', ACTS]}>
        {money.lines.map((line) => {
          const ticket = line.tickets[0]
          return (
            <tr key={line.id}>
              <td>{line.label}</td><td>{line.kind}</td><td className="number">{f.money(line.amount)}</td><td className="number">{line.kept.amount === 0 ? '' : f.money(line.kept)}</td>
              <td>{LINE[line.state]}{line.tickets.some((one) => money.passed_on.includes(one)) && 'passed on'}</td>
              <td>{good && line.state === 'sold' && ticket && <LineActs order={order} ticket={ticket} label={line.label} full={line.amount.amount} />}</td>
            </tr>
          )
        })}
      </Table>
    </Section>
  )
}

function LineActs({ order, ticket, label, full }: { order: Order; ticket: string; label: string; full: number }) {
  const { f } = useSpeech()
  const [reason, setReason] = useState('')
  const [to, setTo] = useState({ name: '', email: '' })
  const refund = useWish(`/admin/orders/${order.id}/refunds`)
  const transfer = useWish(`/orders/${order.id}/transfer`)
  const why = <TextField label="Why (the buyer reads it)" required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
  const price = f.money({ amount: full, currency: order.total.currency })
  return (
    <>
      <Confirm label="Give back" named={`Give back: ${label}`} title={`Give back: ${label}`} yes="Give back under the policy" text={<p>What the policy gives goes back, and the ticket no longer admits.</p>} run={() => refund({ tickets: [ticket], reason: reason.trim() })}>{why}</Confirm>
      <Confirm label="In full" named={`Give back in full: ${label}`} title={`Give back in full: ${label}`} yes={`Give ${price} back`} text={<p>Whatever the policy says, {price} goes back, and the ticket no longer admits.</p>} run={() => refund({ tickets: [ticket], amount: full, reason: reason.trim() })}>{why}</Confirm>
      <Confirm label="Pass on" named={`Pass on: ${label}`} title={`Pass on: ${label}`} yes="Pass it on" text={<p>The new holder gets it by mail; codes of before no longer admit. The order stays whose it is.</p>} run={() => transfer({ tickets: [ticket], to: { name: to.name.trim(), email: to.email.trim() } })}>
        <TextField label="Name" required maxLength={200} value={to.name} onChange={(event) => setTo({ ...to, name: event.target.value })} />
        <TextField label="E-mail" required type="email" maxLength={254} value={to.email} onChange={(event) => setTo({ ...to, email: event.target.value })} />
      </Confirm>
    </>
  )
}

function Payments({ money }: { money: OrderMoney }) {
  const { f } = useSpeech()
  return (
    <Section title="Payments">
      {money.payments.length === 0 ? <p className="soft">Nothing was to be paid.</p> : (
        <Table label="Payments" heads={['Attempt', 'Provider', 'Reference', 'Amount', 'State', 'Paid']}>
          {money.payments.map((payment) => (
            <tr key={payment.id}>
              <td>{payment.number}</td><td>{payment.provider}<br /><span className="soft small">{payment.account}</span></td><td>{payment.provider_ref ?? ''}</td><td className="number">{f.money(payment.amount)}</td>
              <td>{payment.status}{payment.counts && ', the seats are sold for it'}{payment.problem && <><br /><span className="soft small">{payment.problem}</span></>}</td><td><Moment at={payment.paid_at} none="" /></td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Refunds({ id, money }: { id: string; money: OrderMoney }) {
  const { t, f } = useSpeech()
  return (
    <Section title="Refunds">
      {money.refunds.length === 0 ? <p className="soft">Nothing has gone back.</p> : (
        <Table label="Refunds" heads={['When', 'What for', 'Amount', 'State', 'Why', ACTS]}>
          {money.refunds.map((refund) => (
            <tr key={refund.id}>
              <td><Moment at={refund.created_at} /></td><td>{WHAT_FOR[refund.what_for]}</td><td className="number">{f.money(refund.amount)}</td><td>{t.order.refundState[refund.status]}{refund.onto_line && ', onto what had paid'}</td>
              <td>{refund.reason}{refund.note && <><br /><span className="soft small">{refund.note}</span></>}</td>
              <td>{refund.waits_for_staff && <Failed path={`/admin/orders/${id}/refunds/${refund.id}`} amount={f.money(refund.amount)} />}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Failed({ path, amount }: { path: string; amount: string }) {
  const [note, setNote] = useState('')
  const settle = useWish(path)
  return (
    <>
      <Confirm label="Try again" named={`Try again: ${amount}`} title="Try the refund again" yes="Try again" text={<p>The provider is asked for another refund of {amount}.</p>} run={() => settle({ action: 'again' })} />
      <Confirm label="Given by hand" named={`Given by hand: ${amount}`} title="The house gave it back itself" yes="Note it" text={<p>Nothing is sent. The books say that the house gave {amount} back itself.</p>} run={() => settle({ action: 'by_hand', note: note.trim() })}>
        <TextField label="How" required maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
      </Confirm>
    </>
  )
}

function Books({ money }: { money: OrderMoney }) {
  const { f } = useSpeech()
  return (
    <Section title="History in the books">
      {money.books.length === 0 ? <p className="soft">Nothing is booked.</p> : (
        <Table label="History in the books" heads={['When', 'What', 'Accounts']}>
          {money.books.map((one, at) => (
            <tr key={`${one.at} ${at}`}>
              <td><Moment at={one.at} /></td><td>{one.kind.replaceAll('_', ' ')}</td>
              <td>{one.entries.map((entry, no) => <div key={no}>{entry.account.replaceAll('_', ' ')} {f.money(entry.amount)}</div>)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}
