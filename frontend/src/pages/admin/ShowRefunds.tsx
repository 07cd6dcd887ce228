import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Link } from 'wouter'
import { call, newKey } from '../../api/client'
import type { ShowRefunds } from '../../api/types'
import { Confirm } from '../../components/Confirm'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField, Waiting, buttonClass } from '../../ui'
import { Office } from './Office'
import { Moment, Table } from './Paged'
import { ShowPolicy, type PolicyOfShow } from './ShowPolicy'
import type { AdminShow } from './api'

const STATE: Record<ShowRefunds['state'], string> = { running: 'Under way', paused: 'Paused', done: 'Over' }
/** Shows whose orders may be refunded all at once. */
const REFUNDS: readonly string[] = ['cancelled', 'moved']

/** The refund of all orders of a show that was cancelled or moved. */
export function ShowRefundsPage({ id }: { id: string }) {
  const { t, f } = useSpeech()
  const show = useQuery({ queryKey: ['admin', 'show', id], queryFn: ({ signal }) => call<AdminShow & PolicyOfShow>('GET', `/admin/shows/${id}`, undefined, { signal }) })
  const job = useQuery({
    queryKey: ['admin', 'show', id, 'refunds'], queryFn: async ({ signal }) => (await call<{ refunds: ShowRefunds | null }>('GET', `/admin/shows/${id}/refunds`, undefined, { signal })).refunds,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 1_500 : 15_000),
  })
  const trouble = show.isError ? show : job.isError ? job : null
  return (
    <Office title={show.data ? `Refunds: ${show.data.production.title}` : 'Refunds'}>
      <p><Link href="/admin" className={buttonClass('plain', true)}>All shows</Link></p>
      {trouble && <Trouble error={trouble.error} again={() => void trouble.refetch()} />}
      {!trouble && (show.isPending || job.isPending) && <Waiting label={t.common.loading} />}
      {show.data && job.data !== undefined && (
        <>
          <p>{f.longDay(show.data.starts_at, show.data.time_zone)}, {show.data.venue.name}. The show is {show.data.state}.</p>
          {job.data && <Progress id={id} job={job.data} />}
          {job.data?.state !== 'running' && job.data?.state !== 'paused' && (REFUNDS.includes(show.data.state) ? <Begin id={id} again={job.data !== null} /> : <p className="soft">Only the orders of a show that was cancelled or moved are refunded all at once.</p>)}
          <h2 className="part__title">Giving back and passing on</h2>
          <ShowPolicy key={show.data.version} id={id} show={show.data} />
        </>
      )}
    </Office>
  )
}

function Begin({ id, again }: { id: string; again: boolean }) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const key = useRef(newKey())
  const run = async () => {
    try {
      await call('POST', `/admin/shows/${id}/refunds`, { reason: reason.trim() }, { key: key.current })
      key.current = newKey()
    } finally {
      await client.invalidateQueries({ queryKey: ['admin'] })
    }
  }
  return (
    <Confirm label={again ? 'Refund what has come since' : 'Refund all orders'} look="ink" title="Refund all orders" yes="Refund all" run={run} text={<p>Everybody gets everything back that they paid for this show, and its tickets no longer admit. Orders that nobody has paid are ended. It goes on by itself and cannot be undone.</p>}>
      <TextField label="Why (buyers read it)" required maxLength={500} value={reason} onChange={(event) => { key.current = newKey(); setReason(event.target.value) }} />
    </Confirm>
  )
}

function Progress({ id, job }: { id: string; job: ShowRefunds }) {
  const { f } = useSpeech()
  const client = useQueryClient()
  const [failed, setFailed] = useState<unknown>(null)
  const steer = async (action: 'pause' | 'resume' | 'retry') => {
    setFailed(null)
    try {
      await call('POST', `/admin/shows/${id}/refunds/state`, { action }, { key: newKey() })
    } catch (error) {
      setFailed(error)
    } finally {
      await client.invalidateQueries({ queryKey: ['admin'] })
    }
  }
  const done = job.done + job.failed
  return (
    <section>
      <h2 className="part__title">{STATE[job.state]}</h2>
      <p>“{job.reason}”, begun <Moment at={job.started_at} />{job.done_at && <>, over <Moment at={job.done_at} /></>}</p>
      <progress aria-label="Orders that are done" max={Math.max(1, job.total)} value={done} />
      <p aria-live="polite">{f.number(done)} of {f.number(job.total)} orders: {f.number(job.refunded)} refunded ({f.money(job.money)}), {f.number(job.ended)} ended unpaid, {f.number(job.failed)} failed, {f.number(job.left)} left{job.state === 'running' && `; ${f.number(job.per_minute)} in the last minute`}</p>
      {failed !== null && <Notice kind="alarm">{f.problem(failed)}</Notice>}
      <p>
        {job.state === 'running' && <Button small onClick={() => void steer('pause')}>Pause</Button>}
        {job.state === 'paused' && <Button small onClick={() => void steer('resume')}>Go on</Button>}
        {job.failed > 0 && <Button small onClick={() => void steer('retry')}>Try again what failed</Button>}
      </p>
      {job.failed_orders.length > 0 && (
        <Table label="Orders that failed" heads={['Order', 'Why']}>
          {job.failed_orders.map((order) => <tr key={order.order_id}><td><Link href={`/admin/orders/${order.order_id}`}>{order.number}</Link></td><td>{order.problem}</td></tr>)}
        </Table>
      )}
      {job.next_failed && <p className="soft">These are the first {f.number(job.failed_orders.length)} of {f.number(job.failed)}.</p>}
    </section>
  )
}
