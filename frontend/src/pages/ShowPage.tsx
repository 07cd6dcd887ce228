import { useEffect, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { usePlanJson, useShow } from '../api/queries'
import type { Show } from '../api/types'
import { AreaSteppers } from '../components/AreaSteppers'
import { BasketPanel } from '../components/BasketPanel'
import { BestPicker } from '../components/BestPicker'
import { Legend } from '../components/Legend'
import { PriceNotes } from '../components/PriceNotes'
import { SeatList } from '../components/SeatList'
import { Shell } from '../components/Shell'
import { Trouble } from '../components/Trouble'
import { pricing, seatWords } from '../components/describe'
import { useBasket, useNewBasket } from '../hold/useBasket'
import { useSpeech, type Formats } from '../i18n'
import type { Messages } from '../i18n/en'
import { AVAILABLE } from '../live/seats'
import { useLive, type Told } from '../live/useLive'
import { SeatMap } from '../map/SeatMap'
import type { Mark } from '../map/draw-marks'
import { areasOf, readPlan, type Plan } from '../map/plan'
import { Notice, TextField, Waiting, Ways } from '../ui'
import './hall.css'

export function ShowPage({ id }: { id: string }) {
  const { t } = useSpeech()
  const show = useShow(id)
  const json = usePlanJson(id, show.data?.plan_version)
  const plan = useMemo(() => (json.data ? readPlan(json.data) : null), [json.data])
  return (
    <Shell dark bare fixed title={show.data?.production.title ?? ''}>
      {show.data && plan ? <Hall show={show.data} plan={plan} /> : (
        <div className="page">
          {show.isError ? <Trouble error={show.error} again={() => void show.refetch()} />
            : json.isError ? <Notice kind="alarm">{t.show.planMissing}</Notice>
              : <Waiting label={t.common.loading} />}
        </div>
      )}
    </Shell>
  )
}

type Way = 'map' | 'list' | 'best'

function Hall({ show, plan }: { show: Show; plan: Plan }) {
  const { t, f } = useSpeech()
  const basket = useNewBasket(show.id)
  const state = useBasket(basket)
  const { store, link, told } = useLive(show.id, show.plan_version, basket, plan.placeOf)
  const [way, setWay] = useState<Way>(plan.seatCount === 0 ? 'best' : 'map')
  const [lit, setLit] = useState<string | null>(null)
  const [cursor, setCursor] = useState<number | null>(null)
  const [focus, setFocus] = useState<readonly number[]>()
  const [pointed, setPointed] = useState<string | null>(null)
  const prices = useMemo(() => pricing(show, plan), [show, plan])
  const hasAreas = useMemo(() => areasOf(plan).length > 0, [plan])
  const [code, setCode] = useState('')
  const closed = closedBecause(show, told, t, f, code.trim() !== '')

  const places = (guids: readonly string[]) => guids.flatMap((guid) => plan.placeOf.get(guid) ?? [])
  const { chosen, hold, lost } = state
  const marks = useMemo(() => {
    const result = new Map<number, Mark>()
    const put = (guids: readonly string[], mark: Mark) => {
      for (const guid of guids) {
        const place = plan.placeOf.get(guid)
        if (place !== undefined) result.set(place, mark)
      }
    }
    put(lost, 'lost')
    put(chosen, 'chosen')
    put(hold?.seats ?? [], 'yours')
    if (way === 'list' && cursor !== null && !result.has(cursor)) result.set(cursor, 'shown')
    return result
  }, [plan, chosen, hold, lost, way, cursor])
  const litCategories = useMemo(() => {
    const category = lit && plan.categories.indexOf(prices.bands.find((band) => band.key === lit)?.category ?? '')
    return category === null || category === -1 ? null : new Set([Number(category)])
  }, [lit, plan, prices])

  // Seats that the house picked come into sight; the buyer should see where they are.
  const [picked, setPicked] = useState(false)
  const heldSeats = hold?.seats
  useEffect(() => {
    if (!picked || !heldSeats) return
    setPicked(false)
    setWay('map')
    setFocus(heldSeats.flatMap((guid) => plan.placeOf.get(guid) ?? []))
  }, [picked, heldSeats, plan])

  const pick = (place: number) => {
    const guid = plan.guid[place]
    if (guid === undefined || hold?.state === 'paying') return
    const own = chosen.includes(guid) || hold?.seats.includes(guid)
    if (own || (store.code(place) === AVAILABLE && closed === null)) basket.toggle(guid)
  }
  const ownSets = useMemo(() => ({ chosen: new Set(chosen), yours: new Set(hold?.seats ?? []) }), [chosen, hold])
  const describe = (place: number) => {
    const guid = plan.guid[place] ?? ''
    const own = ownSets.yours.has(guid) ? 'yours' : ownSets.chosen.has(guid) ? 'chosen' : null
    return seatWords(plan, place, store.code(place), own, prices, t, f).join('\n')
  }
  const busy = state.task !== null
  const max = show.limits.seats_per_hold_max
  return (
    <div className={`hall hall--${way}`}>
      <div className="hall__title">
        <h1 className="display hall__name"><Link href={`/productions/${show.production.id}`}>{show.production.title}</Link></h1>
        <p className="soft hall__when">{f.day(show.starts_at, show.time_zone)}, {f.time(show.starts_at, show.time_zone)} · {show.venue.name}, {show.venue.city}</p>
        <p className={`link link--${link}`} role="status">{t.show.live[link]}</p>
      </div>
      {closed && <div className="hall__closed"><Notice kind="lamp">{closed}</Notice></div>}
      <div className="hall__ways">
        <Ways label={t.show.ways} value={way} onChange={(next: Way) => setWay(next)} ways={[{ value: 'map', label: t.show.map }, { value: 'list', label: t.show.list }, { value: 'best', label: t.show.best }]} />
      </div>
      <div className="hall__map">
        <SeatMap plan={plan} store={store} colors={prices.colors} lit={litCategories} marks={marks} focus={focus} describe={describe} onPick={pick} onPickArea={(area) => { setPointed(area); setWay('list') }} />
      </div>
      <div className="hall__side">
        {show.access_codes && hold === null && (
          <TextField label={t.show.code} hint={show.presale ? t.show.codePresale : t.show.codeHint} value={code} maxLength={80} autoComplete="off" autoCapitalize="characters" spellCheck={false}
            onChange={(event) => { setCode(event.target.value); basket.useCode(event.target.value) }} />
        )}
        {way === 'map' && <Legend bands={prices.bands} lit={lit} onLight={setLit} accessible={plan.accessible.includes(1)} />}
        <PriceNotes show={show} />
        {way === 'best' && (hold ? <Notice>{t.basket.empty}</Notice> : <BestPicker plan={plan} bands={prices.bands} max={max} busy={busy || closed !== null} onFind={(best) => { setPicked(true); void basket.holdBest(best) }} />)}
        {hasAreas && way !== 'map' && (
          <AreaSteppers plan={plan} store={store} prices={prices} wanted={hold ? hold.areas : state.areas} max={max} busy={busy || closed !== null} pointed={pointed} onChange={(area, quantity) => basket.setArea(area, quantity)} />
        )}
        {way === 'list' && <SeatList plan={plan} store={store} prices={prices} chosen={ownSets.chosen} yours={ownSets.yours} onPick={pick} onFocus={setCursor} />}
      </div>
      <div className="hall__basket">
        <BasketPanel basket={basket} state={state} show={show} plan={plan} prices={prices} closed={closed} onShowSeat={(guid) => { setWay('map'); setFocus(places([guid])) }} />
      </div>
    </div>
  )
}

/** Why nobody can hold seats of this show now; null while they can. Who has typed a code may try it: the server says whether it opens. */
export function closedBecause(show: Show, told: Told | null, t: Messages, f: Formats, hasCode: boolean, now = Date.now()): string | null {
  const state = told?.state ?? show.state
  if (state !== 'published') return (told ? told.publicMessage : show.public_message) ?? t.show.state[state]
  if (!hasCode && show.on_sale_at && Date.parse(show.on_sale_at) > now) return t.show.onSaleFrom(`${f.day(show.on_sale_at, show.time_zone)}, ${f.time(show.on_sale_at, show.time_zone)}`)
  if (show.sales_end_at && Date.parse(show.sales_end_at) <= now) return t.show.saleOver
  return null
}
