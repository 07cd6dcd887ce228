import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { claimOrders, myOrders } from '../../api/account'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, Waiting } from '../../ui'
import { AccountFrame, Part } from './AccountFrame'

/** What one has bought, newest first. */
export function OrdersPage() {
  const { t } = useSpeech()
  const words = t.account.orders
  return (
    <AccountFrame title={words.title}>
      {() => (
        <>
          <Orders />
          <Part id="claim" title={words.claim} hint={words.claimHint}><Claim /></Part>
        </>
      )}
    </AccountFrame>
  )
}

function Orders() {
  const { t, f } = useSpeech()
  const words = t.account.orders
  const orders = useInfiniteQuery({ queryKey: ['me', 'orders'], queryFn: ({ pageParam, signal }) => myOrders(pageParam, signal), initialPageParam: null as string | null, getNextPageParam: (last) => last.next })
  if (orders.isPending) return <Waiting label={t.common.loading} />
  if (orders.isError) return <Trouble part error={orders.error} again={() => void orders.refetch()} />
  const items = orders.data.pages.flatMap((page) => page.items)
  if (items.length === 0) return <div><p className="prose">{words.none}</p><p className="soft">{words.noneHint}</p></div>
  return (
    <div>
      <ul className="things">
        {items.map((order) => (
          <li key={order.id} className="things__one">
            <div className="things__words">
              <p className="things__name"><Link href={`/orders/${order.id}`}>{order.shows.map((show) => show.title).join(', ') || t.order.number(order.number)}</Link></p>
              <p className="soft small">{[order.shows[0] && `${f.day(order.shows[0].starts_at, order.shows[0].time_zone)}, ${f.time(order.shows[0].starts_at, order.shows[0].time_zone)}`, t.order.number(order.number), t.order.status[order.status]].filter(Boolean).join(' · ')}</p>
            </div>
            <p>{f.money(order.total)}</p>
          </li>
        ))}
      </ul>
      {orders.hasNextPage && <Button small onClick={() => void orders.fetchNextPage()}>{t.home.more}</Button>}
    </div>
  )
}

function Claim() {
  const words = useSpeech().t.account.orders
  const [found, setFound] = useState<number | null>(null)
  const { busy, failed, submit } = useForm({}, async (_, key) => {
    setFound(null)
    setFound((await claimOrders(key)).claimed)
  })
  return (
    <form className="sheet__form" onSubmit={submit}>
      <Refusal error={failed} />
      {found !== null && <Notice kind={found > 0 ? 'lamp' : 'plain'}>{words.claimed(found)}</Notice>}
      <Button type="submit" disabled={busy}>{words.claimGo}</Button>
    </form>
  )
}
