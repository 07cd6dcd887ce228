import { useState } from 'react'
import { Link } from 'wouter'
import { Problem } from '../api/client'
import type { Show } from '../api/types'
import type { Basket, BasketState } from '../hold/basket'
import { useSpeech } from '../i18n'
import type { Plan } from '../map/plan'
import { Button, Notice, buttonClass } from '../ui'
import { basketItems, guidName, type BasketItem, type Pricing } from './describe'
import { HoldClock } from './HoldClock'
import './basket.css'

type Props = { basket: Basket; state: BasketState; show: Show; plan: Plan; prices: Pricing; closed: string | null; onShowSeat(guid: string): void }

/** What is chosen or held, what it costs, and the next step. On a phone a sheet at the foot. */
export function BasketPanel({ basket, state, show, plan, prices, closed, onShowSeat }: Props) {
  const { t, f } = useSpeech()
  const [open, setOpen] = useState(false)
  const { hold, lease, task } = state
  const seats = hold ? hold.seats : state.chosen
  const areas = hold ? hold.areas : state.areas
  const items = basketItems(seats, areas, plan, prices, t)
  const count = items.reduce((sum, item) => sum + item.quantity, 0)
  const total = f.money({ amount: items.reduce((sum, item) => sum + item.amount, 0), currency: show.currency })
  const tooMany = count > show.limits.seats_per_hold_max
  const busy = task !== null
  return (
    <section className={open ? 'basket basket--open' : 'basket'} aria-label={t.basket.title}>
      {hold && lease && <HoldClock hold={hold} lease={lease} busy={busy} onExtend={() => void basket.extend()} />}
      <div className="basket__inside">
        <Messages state={state} plan={plan} onAgain={() => void basket.askAgain()} onCode={(code) => void basket.hold(code)} />
        {task === 'holding' && <p role="status">{t.basket.taskHolding}</p>}
        {task === 'reopening' && <p role="status">{t.basket.taskReopening}</p>}
        {hold?.state === 'paying' && task === null && <Notice>{t.basket.paying}</Notice>}
        {count === 0 && !busy && closed === null && state.ended === null && !state.error && <p className="soft small">{t.basket.empty}</p>}
        {count > 0 && (
          <>
            <ul className="basket__items">
              {items.map((item) => (
                <li key={item.key} className="basket__item">
                  <Name item={item} onShow={onShowSeat} />
                  <span className="basket__price">{f.money({ amount: item.amount, currency: show.currency })}</span>
                  <button
                    type="button" className="basket__remove" disabled={busy} aria-label={`${t.basket.remove}: ${item.name}`}
                    onClick={() => (item.seat ? basket.toggle(item.seat) : item.area && basket.setArea(item.area, 0))}
                  >
                    ×
                  </button>
                </li>
              ))}
            </ul>
            {hold?.placement && seats.length > 1 && <p className="soft small" role="status">{t.basket.placement[hold.placement]}</p>}
            {tooMany && <Notice kind="alarm">{t.basket.limit(show.limits.seats_per_hold_max)}</Notice>}
            <div className="basket__foot">
              <button type="button" className="basket__sum" aria-expanded={open} onClick={() => setOpen(!open)}>
                <span className="basket__count">{t.common.places(count)}</span>
                <strong className="basket__total display">{total}</strong>
              </button>
              <div className="basket__act">
                {hold ? (
                  <Link href={`/shows/${show.id}/checkout`} className={buttonClass('lamp', false, true)} aria-disabled={busy}>{t.basket.checkout}</Link>
                ) : (
                  <Button look="lamp" wide disabled={busy || tooMany || closed !== null} onClick={() => void basket.hold()}>{busy ? t.basket.working : t.basket.hold(count)}</Button>
                )}
              </div>
            </div>
            <Button look="plain" small className="basket__clear" disabled={busy} onClick={() => basket.clear()}>{t.basket.clear}</Button>
          </>
        )}
      </div>
    </section>
  )
}

function Name({ item, onShow }: { item: BasketItem; onShow(guid: string): void }) {
  const words = <><span className="basket__letter" style={{ backgroundColor: item.band?.color }}>{item.band?.letter}</span>{item.quantity > 1 && `${item.quantity} × `}{item.name}</>
  return item.seat ? <button type="button" className="basket__name" onClick={() => item.seat && onShow(item.seat)}>{words}</button> : <span className="basket__name">{words}</span>
}

type MessagesProps = { state: BasketState; plan: Plan; onAgain(): void; onCode(code: string): void }

function Messages({ state, plan, onAgain, onCode }: MessagesProps) {
  const { t, f } = useSpeech()
  const [code, setCode] = useState('')
  const names = state.lost.map((guid) => guidName(plan, guid, t))
  return (
    <>
      {state.ended === 'lapsed' && <Notice kind="alarm">{t.basket.lapsed}</Notice>}
      {state.ended === 'released' && <Notice>{t.basket.released}</Notice>}
      {state.ended === 'booked' && (
        <Notice kind="lamp">
          <p>{t.basket.booked}</p>
          {state.order && <Link href={`/orders/${state.order}`} className={buttonClass('line', true)}>{t.basket.toOrder}</Link>}
        </Notice>
      )}
      {names.length > 0 && <Notice kind="alarm"><p>{t.basket.lost(names)} {state.hold ? t.basket.lostHold : t.basket.lostKept}</p></Notice>}
      {state.error !== null && names.length === 0 && state.ended === null && (
        <Notice kind="alarm">
          <p>{state.uncertain ? t.basket.uncertain : f.problem(state.error)}</p>
          {state.uncertain && <Button small onClick={onAgain}>{t.common.tryAgain}</Button>}
          {state.error instanceof Problem && state.error.code === 'access_code_required' && (
            <form className="basket__code" onSubmit={(event) => { event.preventDefault(); onCode(code) }}>
              <input className="input" aria-label={t.basket.code} placeholder={t.basket.code} value={code} onChange={(event) => setCode(event.target.value)} />
              <Button type="submit" small>{t.basket.codeGo}</Button>
            </form>
          )}
        </Notice>
      )}
    </>
  )
}
