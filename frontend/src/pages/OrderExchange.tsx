import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { call } from '../api/client'
import type { Cancellation, Order, TicketBack } from '../api/types'
import { Trouble } from '../components/Trouble'
import { keepGiving } from '../hold/giving'
import { useSpeech } from '../i18n'
import { Button, Dialog, Waiting } from '../ui'

type Props = { order: Order; token: string | null }

/** Gives tickets for others: which, is said here; for what, on the map; what is to be paid, at the checkout. */
export function Exchange({ order, token }: Props) {
  const { t } = useSpeech()
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button look="plain" onClick={() => setAsking(true)}>{t.order.exchange.go}</Button>
      <Dialog open={asking} title={t.order.exchange.go} onClose={() => setAsking(false)}>
        <Which order={order} token={token} keep={() => setAsking(false)} />
      </Dialog>
    </>
  )
}

function Which({ order, token, keep }: Props & { keep(): void }) {
  const { t, f } = useSpeech()
  const [, go] = useLocation()
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const plan = useQuery({
    queryKey: ['cancellation', order.id, ''], staleTime: 0,
    queryFn: async ({ signal }) => (await call<{ cancellation: Cancellation }>('GET', `/orders/${order.id}/cancellation`, undefined, { signal, ...(token ? { orderToken: token } : {}) })).cancellation,
  })
  if (plan.isPending) return <Waiting label={t.common.loading} />
  if (plan.isError) return <Trouble part error={plan.error} again={() => void plan.refetch()} />
  const open = plan.data.tickets.filter((ticket) => ticket.exchange_until !== null)
  if (open.length === 0) return <><p className="dialog__text">{t.order.exchange.none}</p><div className="dialog__actions"><Button onClick={keep}>{t.order.keepIt}</Button></div></>
  const chosen = open.filter((ticket) => !left.has(idOf(ticket)))
  const toggle = (id: string) => setLeft((was) => {
    const next = new Set(was)
    if (!next.delete(id)) next.add(id)
    return next
  })
  const choose = () => {
    keepGiving({ order_id: order.id, number: order.number, tickets: chosen.flatMap((ticket) => ticket.tickets), ...(token ? { token } : {}) })
    go('/')
  }
  return (
    <>
      <fieldset className="giving">
        <legend className="dialog__text">{t.order.exchange.choose}</legend>
        <ul className="giving__list">
          {open.map((ticket) => (
            <li key={idOf(ticket)} className="giving__line">
              <label className="giving__label">
                <input type="checkbox" checked={!left.has(idOf(ticket))} onChange={() => toggle(idOf(ticket))} />
                <span>{ticket.label}</span>
              </label>
              {ticket.exchange_until && <span className="soft small">{t.order.exchange.until(`${f.longDay(ticket.exchange_until)}, ${f.time(ticket.exchange_until)}`)}</span>}
            </li>
          ))}
        </ul>
      </fieldset>
      <p className="soft small">{t.order.exchange.text}</p>
      <div className="dialog__actions">
        <Button look="ink" disabled={chosen.length === 0} onClick={choose}>{t.order.exchange.yes}</Button>
        <Button onClick={keep}>{t.order.keepIt}</Button>
      </div>
    </>
  )
}

const idOf = (ticket: TicketBack) => ticket.tickets[0] ?? ticket.label

/** What the order's tickets were given for, and what it was paid with. */
export function Exchanged({ order }: { order: Order }) {
  const { t } = useSpeech()
  const said = order.exchanges.filter((one) => one.state !== 'off')
  if (said.length === 0) return null
  return (
    <ul>
      {said.map((one) => {
        const given = one.from_order === order.id
        const words = given ? (one.state === 'open' ? t.order.exchange.open : t.order.exchange.into) : t.order.exchange.from
        return <li key={one.into_order}>{words} <Link href={`/orders/${given ? one.into_order : one.from_order}`}>{t.order.number(given ? one.into_number : one.from_number)}</Link></li>
      })}
    </ul>
  )
}
