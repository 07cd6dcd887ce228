import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Problem, call, newKey } from '../api/client'
import type { Cancellation, Order, TicketBack } from '../api/types'
import { Trouble } from '../components/Trouble'
import { useSpeech } from '../i18n'
import { Button, Dialog, Notice, Waiting } from '../ui'

type Props = { order: Order; token: string | null; again(): void }

/** Gives the order back, or some of its tickets: what would come back is said before anybody presses. */
export function Cancel({ order, token, again }: Props) {
  const { t } = useSpeech()
  const [asking, setAsking] = useState(false)
  // What is still looked at is given up; what was bought is given back.
  const givesUp = order.status === 'in_review'
  const done = () => {
    setAsking(false)
    again()
  }
  return (
    <>
      <Button look="plain" onClick={() => setAsking(true)}>{givesUp ? t.order.giveUp : t.order.cancel}</Button>
      <Dialog open={asking} title={givesUp ? t.order.giveUp : t.order.cancel} onClose={() => setAsking(false)}>
        {givesUp ? <GiveUp order={order} token={token} done={done} keep={() => setAsking(false)} /> : <GiveBack order={order} token={token} done={done} keep={() => setAsking(false)} />}
      </Dialog>
    </>
  )
}

type PartProps = { order: Order; token: string | null; done(): void; keep(): void }

/** Sends it, once for one press: the key stays the same until what is wished is another. */
function useCancel({ order, token, done }: PartProps, onRefused: () => void) {
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const [sent, setSent] = useState<{ body: string; key: string } | null>(null)
  const send = async (body: { tickets?: string[]; expect?: number }) => {
    const text = JSON.stringify(body)
    const one = sent?.body === text ? sent : { body: text, key: newKey() }
    setSent(one)
    setBusy(true)
    setFailed(null)
    try {
      await call('POST', `/orders/${order.id}/cancel`, body, { key: one.key, ...(token ? { orderToken: token } : {}) })
      done()
    } catch (error) {
      setFailed(error)
      if (error instanceof Problem && error.code === 'amount_changed') onRefused()
    } finally {
      setBusy(false)
    }
  }
  return { busy, failed, send }
}

function GiveUp(props: PartProps) {
  const { t, f } = useSpeech()
  const { busy, failed, send } = useCancel(props, () => undefined)
  return (
    <>
      <p className="dialog__text">{t.order.giveUpAsk}</p>
      {failed !== null && <Notice kind="alarm">{f.problem(failed)}</Notice>}
      <div className="dialog__actions">
        <Button look="ink" disabled={busy} onClick={() => void send({})}>{busy ? t.basket.working : t.order.giveUpYes}</Button>
        <Button disabled={busy} onClick={props.keep}>{t.order.keepIt}</Button>
      </div>
    </>
  )
}

function GiveBack(props: PartProps) {
  const { order, token } = props
  const { t, f } = useSpeech()
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const ask = (tickets: string) => async ({ signal }: { signal: AbortSignal }) =>
    (await call<{ cancellation: Cancellation }>('GET', `/orders/${order.id}/cancellation${tickets ? `?tickets=${tickets}` : ''}`, undefined, { signal, ...(token ? { orderToken: token } : {}) })).cancellation
  const all = useQuery({ queryKey: ['cancellation', order.id, ''], queryFn: ask(''), staleTime: 0 })
  const open = (all.data?.tickets ?? []).filter((ticket) => ticket.open)
  const chosen = open.filter((ticket) => !left.has(idOf(ticket)))
  const named = chosen.length === (all.data?.tickets.length ?? 0) ? '' : chosen.flatMap((ticket) => ticket.tickets).join(',')
  const some = useQuery({ queryKey: ['cancellation', order.id, named], queryFn: ask(named), enabled: named !== '', staleTime: 0 })
  const plan = named === '' ? all : some
  const { busy, failed, send } = useCancel(props, () => { void all.refetch(); void some.refetch() })
  if (all.isPending) return <Waiting label={t.common.loading} />
  if (all.isError) return <Trouble part error={all.error} again={() => void all.refetch()} />
  if (open.length === 0) return <><p className="dialog__text">{t.order.back.none}</p><div className="dialog__actions"><Button onClick={props.keep}>{t.order.keepIt}</Button></div></>
  const toggle = (id: string) => setLeft((was) => {
    const next = new Set(was)
    if (!next.delete(id)) next.add(id)
    return next
  })
  const back = chosen.length > 0 ? plan.data?.back : undefined
  return (
    <>
      <fieldset className="giving">
        <legend className="dialog__text">{t.order.back.choose}</legend>
        <ul className="giving__list">
          {all.data.tickets.map((ticket) => (
            <li key={idOf(ticket)} className="giving__line">
              <label className="giving__label">
                <input type="checkbox" disabled={!ticket.open || busy} checked={ticket.open && !left.has(idOf(ticket))} onChange={() => toggle(idOf(ticket))} />
                <span>{ticket.label}</span>
              </label>
              {ticket.open ? (
                <span className="soft small">
                  {t.order.back.paid} {f.money(ticket.paid)}, {t.order.back.back} <strong>{f.money(ticket.back)}</strong>{ticket.kept.amount > 0 && <>, {t.order.back.kept} {f.money(ticket.kept)}</>}
                  {ticket.until && <>. {t.order.back.until(`${f.longDay(ticket.until)}, ${f.time(ticket.until)}`)}</>}
                </span>
              ) : <span className="soft small">{t.order.back.closed}</span>}
            </li>
          ))}
        </ul>
      </fieldset>
      {plan.data && plan.data.order_paid.amount !== 0 && <p className="soft small">{t.order.back.fees}: {t.order.back.paid} {f.money(plan.data.order_paid)}, {t.order.back.back} {f.money(plan.data.order_back)}</p>}
      <p aria-live="polite">{t.order.back.all}: <strong>{back ? f.money(back) : '–'}</strong>{back && plan.data && plan.data.onto_voucher.amount > 0 && <>. {t.order.back.voucher(f.money(plan.data.onto_voucher))}</>}{back && plan.data && plan.data.through_exchange.amount > 0 && <>. {t.order.back.exchanged(f.money(plan.data.through_exchange))}</>}</p>
      <p className="soft small">{t.order.back.stops}</p>
      {failed !== null && <Notice kind="alarm">{f.problem(failed)}</Notice>}
      <div className="dialog__actions">
        <Button look="ink" disabled={busy || !back || plan.isFetching} onClick={() => back && void send({ ...(named === '' ? {} : { tickets: chosen.flatMap((ticket) => ticket.tickets) }), expect: back.amount })}>
          {busy ? t.basket.working : back ? t.order.back.yes(f.money(back)) : t.order.cancelYes}
        </Button>
        <Button disabled={busy} onClick={props.keep}>{t.order.keepIt}</Button>
      </div>
    </>
  )
}

const idOf = (ticket: TicketBack) => ticket.tickets[0] ?? ticket.label
