import { useInfiniteQuery } from '@tanstack/react-query'
import { call } from '../../api/client'
import type { Order, Page } from '../../api/types'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Waiting } from '../../ui'
import { EraseCustomer } from './EraseCustomer'
import { Office } from './Office'
import { ACTS } from './Paged'

/** Orders, newest first. */
export function AdminOrdersPage() {
  const { t, f } = useSpeech()
  const orders = useInfiniteQuery({
    queryKey: ['admin', 'orders'],
    queryFn: ({ pageParam, signal }) => call<Page<Order>>('GET', `/admin/orders?limit=50${pageParam ? `&after=${encodeURIComponent(pageParam)}` : ''}`, undefined, { signal }),
    initialPageParam: null as string | null, getNextPageParam: (last) => last.next, refetchInterval: 10_000,
  })
  const items = orders.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Office title="Orders">
      {orders.isPending && <Waiting label={t.common.loading} />}
      {orders.isError && <Trouble error={orders.error} again={() => void orders.refetch()} />}
      {orders.isSuccess && items.length === 0 && <p className="soft">Nobody has bought anything yet.</p>}
      {items.length > 0 && (
        <div className="table-box">
          <table className="table">
            <thead><tr><th>Order</th><th>When</th><th>Customer</th><th>Show</th><th>Status</th><th className="number">Total</th><th><span className="out-of-sight">{ACTS}</span></th></tr></thead>
            <tbody>
              {items.map((order) => (
                <tr key={order.id}>
                  <td>{order.number}</td>
                  <td>{f.day(order.created_at)}, {f.time(order.created_at)}</td>
                  <td>{order.customer.name || <span className="soft">erased</span>}<br /><span className="soft">{order.customer.email}</span></td>
                  <td>{order.shows.map((show) => show.title).join(', ')}</td>
                  <td>{order.status.replaceAll('_', ' ')}</td>
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
