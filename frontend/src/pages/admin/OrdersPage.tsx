import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client'
import type { Order, Page } from '../../api/types'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Waiting, Ways } from '../../ui'
import { EraseCustomer } from './EraseCustomer'
import { Office } from './Office'
import { ACTS } from './Paged'
import { ReviewCell } from './ReviewCell'

type Which = 'all' | 'in_review' | 'flagged'
const ASKED: Record<Which, string> = { all: '', in_review: '&status=in_review', flagged: '&review=flagged' }
const EMPTY: Record<Which, string> = { all: 'Nobody has bought anything yet.', in_review: 'No order waits for a decision.', flagged: 'No order was marked.' }
const DISPUTED = { opened: 'Disputed at the bank', won: 'Dispute won', lost: 'Dispute lost' } as const
type OrdersOfHouse = Page<Order> & { in_review: number }

/** Orders, newest first; those that wait for a decision are a list of their own. */
export function AdminOrdersPage() {
  const { t, f } = useSpeech()
  const [which, setWhich] = useState<Which>('all')
  const orders = useInfiniteQuery({
    queryKey: ['admin', 'orders', which],
    queryFn: ({ pageParam, signal }) => call<OrdersOfHouse>('GET', `/admin/orders?limit=50${ASKED[which]}${pageParam ? `&after=${encodeURIComponent(pageParam)}` : ''}`, undefined, { signal }),
    initialPageParam: null as string | null, getNextPageParam: (last) => last.next, refetchInterval: 10_000,
  })
  const items = orders.data?.pages.flatMap((page) => page.items) ?? []
  const waiting = orders.data?.pages[0]?.in_review ?? 0
  return (
    <Office title="Orders">
      <Ways label="Which orders" value={which} onChange={(next: Which) => setWhich(next)} ways={[{ value: 'all', label: 'All' }, { value: 'in_review', label: `To decide (${waiting})` }, { value: 'flagged', label: 'Marked' }]} />
      {orders.isPending && <Waiting label={t.common.loading} />}
      {orders.isError && <Trouble error={orders.error} again={() => void orders.refetch()} />}
      {orders.isSuccess && items.length === 0 && <p className="soft">{EMPTY[which]}</p>}
      {items.length > 0 && (
        <div className="table-box">
          <table className="table">
            <thead><tr><th>Order</th><th>When</th><th>Customer</th><th>Show</th><th>Status</th><th className="number">Total</th><th><span className="out-of-sight">{ACTS}</span></th></tr></thead>
            <tbody>
              {items.map((order) => (
                <tr key={order.id}>
                  <td><Link href={`/admin/orders/${order.id}`}>{order.number}</Link></td>
                  <td>{f.day(order.created_at)}, {f.time(order.created_at)}</td>
                  <td>{order.customer.name || <span className="soft">erased</span>}<br /><span className="soft">{order.customer.email}</span></td>
                  <td>{order.shows.map((show) => show.title).join(', ')}</td>
                  <td>{order.status.replaceAll('_', ' ')}{order.review && <ReviewCell order={order} review={order.review} />}{order.disputes?.map((claim) => <p key={claim.id} className="small"><strong>{DISPUTED[claim.state]}</strong>: {f.money(claim.amount)}</p>)}</td>
                  <td className="number">{f.money(order.total)}</td>
                  <td>{order.customer.id && order.customer.name && <EraseCustomer customer={order.customer.id} name={order.customer.name} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {orders.hasNextPage && <p><Button small onClick={() => void orders.fetchNextPage()}>{t.home.more}</Button></p>}
    </Office>
  )
}
