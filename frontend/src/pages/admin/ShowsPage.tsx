import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client'
import type { Page } from '../../api/types'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Dialog, TextField, Waiting, buttonClass } from '../../ui'
import { Office } from './Office'
import { Outcome } from './PlaceForms'
import { ACTIONS, ANNOUNCED, useShowState, type Action, type AdminShow, type Counts } from './api'

const ACTION_WORDS: Record<Action, string> = { publish: 'Publish', pause: 'Pause', resume: 'Go on', cancel: 'Cancel' }
type Wish = { show: AdminShow; action: Action }

/** The shows of the house with what is sold of each. */
export function AdminShowsPage() {
  const { t, f } = useSpeech()
  const shows = useQuery({ queryKey: ['admin', 'shows'], queryFn: ({ signal }) => call<Page<AdminShow>>('GET', '/admin/shows?limit=100', undefined, { signal }), refetchInterval: 10_000 })
  const state = useShowState()
  const [wish, setWish] = useState<Wish | null>(null)
  const act = (show: AdminShow, action: Action) => (ANNOUNCED[action] ? setWish({ show, action }) : state.mutate({ show: show.id, action }))
  return (
    <Office title="Shows">
      <p><Link href="/admin/house" className={buttonClass('ink', true)}>Plan a show</Link></p>
      <Outcome error={state.error} made={null} />
      {shows.isPending && <Waiting label={t.common.loading} />}
      {shows.isError && <Trouble error={shows.error} again={() => void shows.refetch()} />}
      {shows.data && (
        <div className="table-box">
          <table className="table">
            <thead><tr><th>Show</th><th>When</th><th>Where</th><th>State</th><th className="number">Sold</th><th className="number">Held</th><th className="number">Free</th><th>Of the house</th></tr></thead>
            <tbody>
              {shows.data.items.map((show) => (
                <tr key={show.id}>
                  <td><Link href={`/shows/${show.id}`}>{show.production.title}</Link></td>
                  <td>{f.day(show.starts_at, show.time_zone)}, {f.time(show.starts_at, show.time_zone)}</td>
                  <td>{show.venue.name}</td>
                  <td>
                    {show.state}
                    {ACTIONS[show.state].map((action) => (
                      <Button key={action} look="plain" small className="table__act" disabled={state.isPending} aria-label={`${ACTION_WORDS[action]}: ${show.production.title}, ${f.day(show.starts_at, show.time_zone)}`} onClick={() => act(show, action)}>{ACTION_WORDS[action]}</Button>
                    ))}
                    <Link href={`/admin/shows/${show.id}/refunds`} className={buttonClass('plain', true)} aria-label={`Refunds: ${show.production.title}, ${f.day(show.starts_at, show.time_zone)}`}>Refunds</Link>
                  </td>
                  <Numbers counts={show.counts ?? null} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Dialog open={wish !== null} title={wish ? `${ACTION_WORDS[wish.action]}: ${wish.show.production.title}` : ''} onClose={() => setWish(null)}>
        {wish && <Announcement wish={wish} busy={state.isPending} onAct={(publicMessage) => state.mutate({ show: wish.show.id, action: wish.action, publicMessage }, { onSettled: () => setWish(null) })} />}
      </Dialog>
    </Office>
  )
}

function Announcement({ wish, busy, onAct }: { wish: Wish; busy: boolean; onAct(publicMessage: string): void }) {
  const [words, setWords] = useState('')
  return (
    <form onSubmit={(event) => { event.preventDefault(); onAct(words.trim()) }}>
      <TextField label="What the public is told" hint="Stands over the map at once, in every open window." maxLength={1000} value={words} onChange={(event) => setWords(event.target.value)} />
      <div className="dialog__actions"><Button type="submit" look="ink" disabled={busy}>{ACTION_WORDS[wish.action]}</Button></div>
    </form>
  )
}

function Numbers({ counts }: { counts: Counts | null }) {
  const { f } = useSpeech()
  if (!counts) return <><td className="number">–</td><td className="number">–</td><td className="number">–</td><td /></>
  const all = Math.max(1, counts.available + counts.held + counts.booked + counts.blocked)
  const share = (count: number) => ({ width: `${(100 * count) / all}%` })
  return (
    <>
      <td className="number">{f.number(counts.booked)}</td>
      <td className="number">{f.number(counts.held)}</td>
      <td className="number">{f.number(counts.available)}</td>
      <td><div className="fill" aria-hidden="true"><span className="fill__booked" style={share(counts.booked)} /><span className="fill__held" style={share(counts.held)} /><span className="fill__blocked" style={share(counts.blocked)} /></div></td>
    </>
  )
}
