import { useEffect, useReducer, useState, useSyncExternalStore } from 'react'
import { Basket, type BasketState } from './basket'
import { leftMs, type Lease } from './lease'

/** The basket of a show for as long as the page lives. */
export function useNewBasket(show: string): Basket {
  const [basket] = useState(() => new Basket(show))
  useEffect(() => {
    basket.start()
    return () => basket.stop()
  }, [basket])
  return basket
}

const never = () => () => undefined
export function useBasket(basket: Basket): BasketState
export function useBasket(basket: Basket | null): BasketState | null
export function useBasket(basket: Basket | null): BasketState | null {
  return useSyncExternalStore(basket?.subscribe ?? never, () => basket?.state ?? null)
}

/** Milliseconds until a lease ends, looked at twice a second. */
export function useLeft(lease: Lease | null): number {
  const [, tick] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    if (!lease || lease.standsAt !== undefined) return
    const timer = setInterval(tick, 500)
    return () => clearInterval(timer)
  }, [lease])
  return lease ? leftMs(lease, performance.now()) : 0
}
