import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState, type FormEvent } from 'react'
import { Link, useLocation } from 'wouter'
import { call, isUncertain, Problem } from '../api/client'
import { usePlanJson, useShow } from '../api/queries'
import type { Hold, OrderRequest, Quote, Show } from '../api/types'
import { Bill } from '../components/Bill'
import { HoldClock } from '../components/HoldClock'
import { PayBy, usePaymentMethods, wayNamed } from '../components/PayBy'
import { GivenTickets } from '../components/GivenTickets'
import { PromoField, VoucherField } from '../components/PromoField'
import { Shell } from '../components/Shell'
import { Trouble } from '../components/Trouble'
import { bandAt, guidName, pricing } from '../components/describe'
import { isStaff, useMeIfAny } from '../components/session'
import type { Basket } from '../hold/basket'
import { asked, keepGiving, readGiving } from '../hold/giving'
import { placeOrder, placesOf, ticketChoices, type Place } from '../hold/ordering'
import { useBasket, useNewBasket } from '../hold/useBasket'
import { useSpeech } from '../i18n'
import { areasOf, readPlan, type Plan } from '../map/plan'
import { Button, Notice, TextField, Waiting, buttonClass } from '../ui'
import './checkout.css'

export function CheckoutPage({ id }: { id: string }) {
  const { t } = useSpeech()
  const show = useShow(id)
  const json = usePlanJson(id, show.data?.plan_version)
  const plan = useMemo(() => (json.data ? readPlan(json.data) : null), [json.data])
  const basket = useNewBasket(id)
  const state = useBasket(basket)
  const { hold } = state
  const error = show.error ?? json.error
  const settled = state.task === null && show.data && plan
  return (
    <Shell bare title={t.checkout.title}>
      {hold && state.lease && <div className="checkout__clock"><HoldClock hold={hold} lease={state.lease} busy={state.task !== null} onExtend={() => void basket.extend()} /></div>}
      <div className="page checkout">
        <h1 className="display checkout__title">{t.checkout.title}</h1>
        {error && <Trouble error={error} again={() => { void show.refetch(); void json.refetch() }} />}
        {state.task === 'reopening' && <p role="status">{t.basket.taskReopening}</p>}
        {!error && !settled && !hold && <Waiting label={t.common.loading} />}
        {show.data && plan && hold?.state === 'open' && <Desk key={hold.id} show={show.data} plan={plan} hold={hold} basket={basket} busy={state.task !== null} />}
        {settled && hold?.state !== 'open' && <Closed basket={basket} show={id} />}
      </div>
    </Shell>
  )
}

function Closed({ basket, show }: { basket: Basket; show: string }) {
  const { t, f } = useSpeech()
  const state = useBasket(basket)
  return (
    <div className="checkout__closed">
      <Notice kind={state.ended === 'lapsed' || state.error ? 'alarm' : 'plain'}>
        {state.hold?.state === 'paying' ? t.basket.paying
          : state.ended === 'booked' ? t.basket.booked
            : state.ended === 'lapsed' ? t.basket.lapsed
              : state.error ? f.problem(state.error) : t.checkout.nothing}
      </Notice>
      <p className="checkout__ways">
        {state.uncertain && <Button look="ink" onClick={() => void basket.resume('reopen')}>{t.common.tryAgain}</Button>}
        {state.order && <Link href={`/orders/${state.order}`} className={buttonClass('ink')}>{t.basket.toOrder}</Link>}
        {state.hold?.state === 'paying' && <Button onClick={() => void basket.resume('reopen')}>{t.order.others}</Button>}
        {!state.hold && <Link href={`/shows/${show}`} className={buttonClass('lamp')}>{t.checkout.choose}</Link>}
      </p>
    </div>
  )
}

type DeskProps = { show: Show; plan: Plan; hold: Hold; basket: Basket; busy: boolean }
type Draft = { name: string; email: string }
/** What it costs is not what the buyer was shown: it is shown anew. */
const PRICED: readonly string[] = ['price_changed', 'promo_code_invalid', 'promo_code_used_up', 'voucher_invalid', 'voucher_used_up', 'exchange_closed']
const DRAFT = 'aisle.customer'

function Desk({ show, plan, hold, basket, busy }: DeskProps) {
  const { t, f, language } = useSpeech()
  const methods = usePaymentMethods(show.id)
  const [, go] = useLocation()
  const standard = (show.ticket_types.find((type) => type.default) ?? show.ticket_types[0])?.key ?? ''
  const places = placesOf(hold.seats, hold.areas)
  const [types, setTypes] = useState<Record<string, string>>({})
  const me = useMeIfAny().data
  const [typed, setDraft] = useState<Draft>(readDraft)
  // Who is signed in buys for themselves, unless they say otherwise.
  const draft = typed.name === '' && typed.email === '' && me && !isStaff(me) ? { name: me.name, email: me.email } : typed
  const [way, setWay] = useState<string>()
  const [equal, setEqual] = useState(false)
  const [promo, setPromo] = useState<string | null>(null)
  const [voucher, setVoucher] = useState<string | null>(null)
  const [giving, setGiving] = useState(readGiving)
  const [sending, setSending] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const [missing, setMissing] = useState<{ name?: string; email?: string }>({})
  const token = basket.token
  const proof = { show_id: show.id, hold_id: hold.id, token: token ?? '' }
  const tickets = ticketChoices(places, types, standard)
  const quote = useQuery({
    queryKey: ['quote', hold.id, tickets, promo, voucher, giving],
    queryFn: ({ signal }) => call<Quote>('POST', '/quotes', { holds: [proof], tickets, ...(promo ? { promo_code: promo } : {}), ...(voucher ? { voucher_code: voucher } : {}), ...asked(giving) }, { signal }),
    enabled: token !== null, placeholderData: keepPreviousData, staleTime: 60_000,
  })
  const chosen = wayNamed(methods.data ?? [], way)
  const free = quote.data?.total.amount === 0

  useEffect(() => {
    // A browser may bring the page back as it was left, in the middle of leaving.
    const restored = (event: PageTransitionEvent) => { if (event.persisted) setSending(false) }
    window.addEventListener('pageshow', restored)
    return () => window.removeEventListener('pageshow', restored)
  }, [])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const wrong = { ...(draft.name.trim() ? {} : { name: t.checkout.nameMissing }), ...(/^\S+@\S+$/.test(draft.email.trim()) ? {} : { email: t.checkout.emailMissing }) }
    setMissing(wrong)
    if (Object.keys(wrong).length > 0 || sending) {
      document.querySelector<HTMLInputElement>(wrong.name ? 'input[name=name]' : 'input[name=email]')?.focus()
      return
    }
    const body: OrderRequest = {
      holds: [proof], customer: { name: draft.name.trim(), email: draft.email.trim(), locale: language }, tickets,
      ...(chosen ? { provider: chosen.provider, method: chosen.method } : {}), ...(equal ? { accept_equal_seats: true } : {}),
      // Nobody pays another price than the one they were shown.
      ...(promo && quote.data?.promo?.applies ? { promo_code: promo } : {}), ...(voucher && quote.data?.voucher?.applies ? { voucher_code: voucher } : {}),
      ...asked(giving), ...(quote.data ? { expected_total: quote.data.total.amount } : {}),
    }
    setSending(true)
    setFailed(null)
    basket.leave()
    try {
      const { order, payment } = await placeOrder(show.id, body)
      keepGiving(null)
      if (payment?.checkout_url) location.assign(payment.checkout_url)
      else go(`/orders/${order.id}`)
    } catch (error) {
      setSending(false)
      setFailed(error)
      basket.stay()
      if (error instanceof Problem && error.errors.length > 0) setMissing(fieldErrors(error))
      if (error instanceof Problem && PRICED.includes(error.code)) void quote.refetch()
      else if (error instanceof Problem && !isUncertain(error) && error.status !== 422) void basket.resume('look')
    }
  }

  return (
    <form className="checkout__desk" noValidate onSubmit={(event) => void submit(event)}>
      <div className="checkout__left">
        <section className="checkout__part" aria-labelledby="co-seats">
          <h2 id="co-seats" className="checkout__h">{t.checkout.seats}</h2>
          <p className="checkout__show"><strong>{show.production.title}</strong><br />{f.day(show.starts_at, show.time_zone)}, {f.time(show.starts_at, show.time_zone)} · {show.venue.name}, {show.venue.city}</p>
          <ul className="checkout__places">
            {places.map((place) => (
              <li key={place.key} className="checkout__place">
                <PlaceLine place={place} show={show} plan={plan} value={types[place.key] ?? standard} onChange={(type) => setTypes({ ...types, [place.key]: type })} />
              </li>
            ))}
          </ul>
          <Link href={`/shows/${show.id}`} className={buttonClass('plain', true)}>{t.checkout.back}</Link>
        </section>
        <section className="checkout__part" aria-labelledby="co-who">
          <h2 id="co-who" className="checkout__h">{t.checkout.who}</h2>
          <div className="checkout__fields">
            <TextField label={t.checkout.name} name="name" autoComplete="name" required value={draft.name} error={missing.name} onChange={(event) => setDraft(keepDraft({ ...draft, name: event.target.value }))} />
            <TextField label={t.checkout.email} name="email" type="email" inputMode="email" autoComplete="email" required value={draft.email} hint={t.checkout.emailHint} error={missing.email} onChange={(event) => setDraft(keepDraft({ ...draft, email: event.target.value }))} />
            {methods.data && !free && <PayBy methods={methods.data} chosen={chosen} onChoose={setWay} />}
            {methods.isError && <Trouble part error={methods.error} again={() => void methods.refetch()} />}
          </div>
          <label className="check"><input type="checkbox" checked={equal} onChange={(event) => setEqual(event.target.checked)} /> {t.checkout.equal}</label>
        </section>
      </div>
      <div className="checkout__right">
        {quote.isError && <Trouble error={quote.error} again={() => void quote.refetch()} />}
        {quote.data ? <Bill title={t.checkout.bill} totalLabel={t.checkout.total} lines={quote.data.lines} taxes={quote.data.taxes} total={quote.data.total} waiting={quote.isFetching} /> : quote.isPending && <Waiting label={t.checkout.quoteWait} />}
        {giving && <GivenTickets giving={giving} said={quote.isPlaceholderData ? undefined : quote.data?.exchange} busy={sending} onLeaveOut={() => { keepGiving(null); setGiving(null) }} />}
        <PromoField used={promo} said={quote.isPlaceholderData ? undefined : quote.data?.promo} busy={quote.isFetching} onUse={setPromo} />
        <VoucherField used={voucher} said={quote.isPlaceholderData ? undefined : quote.data?.voucher} busy={quote.isFetching} onUse={setVoucher} />
        {failed !== null && <Notice kind="alarm">{isUncertain(failed) ? t.checkout.again : f.problem(failed)}</Notice>}
        <Button type="submit" look="lamp" wide disabled={busy || sending || !quote.data || quote.isPlaceholderData || (!free && !chosen)}>
          {sending ? t.checkout.leaving : quote.data ? (quote.data.total.amount === 0 ? t.checkout.confirmFree : t.checkout.pay(f.money(quote.data.total))) : t.checkout.quoteWait}
        </Button>
        <p className="soft small">{t.checkout.payWithin(Math.round(show.limits.pay_within_s / 60))}</p>
      </div>
    </form>
  )
}

function PlaceLine({ place, show, plan, value, onChange }: { place: Place; show: Show; plan: Plan; value: string; onChange(type: string): void }) {
  const { t, f } = useSpeech()
  const prices = useMemo(() => pricing(show, plan), [show, plan])
  const at = place.seat === null ? undefined : plan.placeOf.get(place.seat)
  const area = place.area === null ? undefined : areasOf(plan).find((one) => one.id === place.area)
  const band = at === undefined ? area && prices.bandOf[area.category] : bandAt(plan, at, prices)
  const level = show.price_levels.find((one) => one.key === band?.key)
  const name = place.seat === null ? (area?.name ?? place.area ?? '') : guidName(plan, place.seat, t)
  const choices = show.ticket_types.flatMap((type) => {
    const price = level?.prices.find((one) => one.ticket_type === type.key)?.price
    return price ? [{ value: type.key, label: `${type.name}, ${f.money(price)}` }] : []
  })
  return (
    <>
      <span><strong>{name}</strong><br /><span className="soft small">{level?.name}</span></span>
      <select className="input" aria-label={`${t.checkout.type}: ${name}`} value={value} onChange={(event) => onChange(event.target.value)}>
        {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </select>
    </>
  )
}

function fieldErrors(problem: Problem): { name?: string; email?: string } {
  const of = (field: string) => problem.errors.find((one) => one.field.endsWith(field))?.message
  const [name, email] = [of('name'), of('email')]
  return { ...(name ? { name } : {}), ...(email ? { email } : {}) }
}

/** Kept for this tab only, so that a way back from the payment finds the form as it was. */
function readDraft(): Draft {
  try {
    return { name: '', email: '', ...(JSON.parse(sessionStorage.getItem(DRAFT) ?? '{}') as Partial<Draft>) }
  } catch {
    return { name: '', email: '' }
  }
}

function keepDraft(draft: Draft): Draft {
  try {
    sessionStorage.setItem(DRAFT, JSON.stringify(draft))
  } catch {
    // Storage is forbidden: the form is empty after a way back.
  }
  return draft
}
