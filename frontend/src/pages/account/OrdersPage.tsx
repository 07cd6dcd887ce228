import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { myOrders } from '../../api/account'
import type { MyOrder } from '../../api/types'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Waiting, buttonClass } from '../../ui'
import { AccountFrame, Part } from './AccountFrame'

/** What one has bought, newest first, in every house. */
export function OrdersPage() {
  const { t } = useSpeech()
  const words = t.account.orders
  return (
    <AccountFrame title={words.title}>
      {() => (
        <>
          <Orders />
          <Part id="elsewhere" title={words.elsewhere} hint={words.elsewhereText}><Link href="/find-order" className={buttonClass('line')}>{t.nav.findOrder}</Link></Part>
        </>
      )}
    </AccountFrame>
  )
}

function Orders() {
  const { t } = useSpeech()
  const words = t.account.orders
  const orders = useInfiniteQuery({ queryKey: ['me', 'orders'], queryFn: ({ pageParam, signal }) => myOrders(pageParam, signal), initialPageParam: null as string | null, getNextPageParam: (last) => last.next })
  if (orders.isPending) return <Waiting label={t.common.loading} />
  if (orders.isError) return <Trouble part error={orders.error} again={() => void orders.refetch()} />
  const items = orders.data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <div className="sheet__form">
        <p className="prose">{words.none}</p>
        <p className="soft">{words.noneHint}</p>
        <p><Link href="/" className={buttonClass('lamp')}>{words.look}</Link></p>
      </div>
    )
  }
  return (
    <div>
      <ul className="things">{items.map((order) => <One key={order.id} order={order} />)}</ul>
      {orders.hasNextPage && <Button small disabled={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>{words.more}</Button>}
    </div>
  )
}

function One({ order }: { order: MyOrder }) {
  const { t, f } = useSpeech()
  const [first] = order.shows
  const places = order.places.map((place) => (place.quantity > 1 ? `${place.quantity} × ${place.label}` : place.label)).join(', ')
  const state = [t.order.number(order.number), t.order.status[order.status], order.cancellable && t.account.orders.cancellable].filter(Boolean).join(' · ')
  return (
    <li className="things__one">
      <div className="things__words">
        <p className="things__name"><Link href={`/orders/${order.id}`}>{order.shows.map((show) => show.title).join(', ') || t.order.number(order.number)}</Link></p>
        {first && <p>{f.day(first.starts_at, first.time_zone)}, {f.time(first.starts_at, first.time_zone)} · {first.venue}, {first.city}</p>}
        {places && <p className="soft">{places}</p>}
        <p className="soft small">{state}</p>
      </div>
      <p>{f.money(order.total)}</p>
    </li>
  )
}
