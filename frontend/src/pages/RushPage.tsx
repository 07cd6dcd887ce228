import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { Problem, call, newKey } from '../api/client'
import { usePlanJson, useRush, useShow } from '../api/queries'
import type { Rush, Show } from '../api/types'
import { Shell } from '../components/Shell'
import { Trouble } from '../components/Trouble'
import { pricing, seatWords } from '../components/describe'
import { useSpeech } from '../i18n'
import { useLive, useSeatVersion } from '../live/useLive'
import { SeatMap } from '../map/SeatMap'
import { readPlan, type Plan } from '../map/plan'
import { Button, Notice, Waiting, buttonClass } from '../ui'
import './rush.css'

/** The demo's rush: hundreds of buyers on one show, the map live beside the count. */
export function RushPage() {
  const { t, f } = useSpeech()
  const client = useQueryClient()
  const rush = useRush(true)
  const [failed, setFailed] = useState<unknown>(null)
  const [joined, setJoined] = useState(false)
  const start = async () => {
    setFailed(null)
    setJoined(false)
    try {
      client.setQueryData(['rush'], await call<Rush>('POST', '/demo/rush', {}, { key: newKey() }))
    } catch (error) {
      if (error instanceof Problem && error.code === 'rush_running') {
        setJoined(true)
        await rush.refetch()
      } else setFailed(error)
    }
  }
  const data = rush.data
  return (
    <Shell dark bare title={t.demo.rush}>
      <div className="rush">
        <div className="rush__map">{data?.show_id ? <Auditorium key={data.show_id} id={data.show_id} /> : <p className="rush__none soft">{t.demo.rushNone}</p>}</div>
        <div className="rush__panel">
          <h1 className="display rush__title" role="status">{data?.state === 'running' ? t.demo.running : data?.state === 'done' ? t.demo.done : t.demo.rush}</h1>
          {data?.title && <p className="soft small">{data.title}{data.show_id && <> · <Link href={`/shows/${data.show_id}`}>{t.demo.toMap}</Link></>}</p>}
          {data?.state !== 'running' && <p className="soft small rush__intro">{t.demo.rushIntro}</p>}
          {rush.isError && <Trouble error={rush.error} again={() => void rush.refetch()} />}
          {failed !== null && <Notice kind="alarm">{f.problem(failed)}</Notice>}
          {joined && <Notice>{t.demo.someoneElse}</Notice>}
          {data && data.state !== 'none' && <Counts rush={data} />}
          {data?.state !== 'running' && <Button look="lamp" wide onClick={() => void start()}>{data?.state === 'done' ? t.demo.again : t.demo.rushGo}</Button>}
          <Link href="/" className={buttonClass('plain', true)}>{t.nav.whatsOn}</Link>
        </div>
      </div>
    </Shell>
  )
}

function Counts({ rush }: { rush: Rush }) {
  const { t, f } = useSpeech()
  const counts: [string, number][] = [[t.demo.ticketsSold, rush.tickets_sold], [t.demo.sold, rush.sold], [t.demo.refused, rush.refused], [t.demo.requests, rush.requests]]
  return (
    <div className="rush__counts">
      <div className="rush__bar"><progress className="rush__progress" value={Math.min(rush.elapsed_s, rush.seconds)} max={rush.seconds} aria-label={t.demo.running} /><span className="small">{rush.state === 'running' ? t.demo.seconds(rush.elapsed_s, rush.seconds) : `${f.number(rush.buyers)} ${t.demo.buyers}`}</span></div>
      <dl className="rush__numbers">
        {counts.map(([name, value]) => <div key={name}><dt className="soft">{name}</dt><dd className="display">{f.number(value)}</dd></div>)}
        <div className={rush.twice === 0 ? 'rush__twice' : 'rush__twice rush__twice--bad'}><dt>{t.demo.twice}</dt><dd className="display">{f.number(rush.twice)}</dd></div>
      </dl>
      {rush.p99_ms !== null && <p className="soft small">{t.demo.fast} {f.number(rush.p50_ms ?? 0)} ms, {t.demo.slow} {f.number(rush.p99_ms)} ms{rush.errors > 0 && ` · ${t.demo.errors}: ${f.number(rush.errors)}`}</p>}
      {rush.verdict && <Notice kind="lamp"><strong>{rush.verdict}</strong></Notice>}
    </div>
  )
}

function Auditorium({ id }: { id: string }) {
  const { t } = useSpeech()
  const show = useShow(id)
  const json = usePlanJson(id, show.data?.plan_version)
  const plan = useMemo(() => (json.data ? readPlan(json.data) : null), [json.data])
  if (show.isError) return <Trouble error={show.error} />
  return show.data && plan ? <Seats show={show.data} plan={plan} /> : <Waiting label={t.common.loading} />
}

const NONE = new Map<number, never>()
function Seats({ show, plan }: { show: Show; plan: Plan }) {
  const { t, f } = useSpeech()
  const { store } = useLive(show.id, show.plan_version, null, plan.placeOf)
  useSeatVersion(store)
  const prices = useMemo(() => pricing(show, plan), [show, plan])
  return (
    <>
      <SeatMap plan={plan} store={store} colors={prices.colors} lit={null} marks={NONE} describe={(place) => seatWords(plan, place, store.code(place), null, prices, t, f).join('\n')} onPick={() => undefined} onPickArea={() => undefined} />
      <p className="rush__left" aria-hidden="true">{t.show.left(store.available)}</p>
    </>
  )
}
