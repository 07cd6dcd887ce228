/** What a basket asks of the server; tests put their own in its place. */
import { call } from '../api/client'
import type { Hold, HoldPatch, HoldRequest, Order, OrderRequest, Payment } from '../api/types'

export type OrderAnswer = { order: Order; payment: Payment | null }
export type HoldApi = {
  create(show: string, body: HoldRequest, key: string): Promise<Hold>
  get(show: string, id: string, token: string): Promise<Hold>
  patch(show: string, id: string, token: string, body: HoldPatch): Promise<Hold>
  extend(show: string, id: string, token: string): Promise<Hold>
  release(show: string, id: string, token: string): Promise<void>
  order(body: OrderRequest, key: string): Promise<OrderAnswer>
  reopen(order: string, token: string): Promise<Hold[]>
}

type Wrapped = { hold: Hold }

export const holdApi: HoldApi = {
  create: async (show, body, key) => (await call<Wrapped>('POST', `/shows/${show}/holds`, body, { key })).hold,
  get: async (show, id, token) => (await call<Wrapped>('GET', `/shows/${show}/holds/${id}`, undefined, { holdToken: token })).hold,
  patch: async (show, id, token, body) => (await call<Wrapped>('PATCH', `/shows/${show}/holds/${id}`, body, { holdToken: token })).hold,
  extend: async (show, id, token) => (await call<Wrapped>('POST', `/shows/${show}/holds/${id}/extend`, {}, { holdToken: token })).hold,
  release: (show, id, token) => call('DELETE', `/shows/${show}/holds/${id}`, undefined, { holdToken: token }),
  order: (body, key) => call<OrderAnswer>('POST', '/orders', body, { key }),
  reopen: async (order, token) => (await call<{ holds: Hold[] }>('POST', `/orders/${order}/reopen`, {}, { orderToken: token })).holds,
}
