/** The seats of a show, kept up to date while a page shows them. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { ShowState } from '../api/types'
import type { Basket } from '../hold/basket'
import { useBasket } from '../hold/useBasket'
import { LiveConnection } from './connection'
import type { LinkState } from './link'
import { AVAILABLE, SeatStore } from './seats'

export type Told = { state: ShowState; publicMessage: string | null }
export type Live = { store: SeatStore; link: LinkState; told: Told | null }

/**
 * `basket` is told what becomes of its hold, and which of its chosen seats went to somebody else. `planVersion` is of the plan
 * that the page draws.
 */
export function useLive(show: string, planVersion: string, basket: Basket | null, placeOf: ReadonlyMap<string, number> | undefined): Live {
  const [store] = useState(() => new SeatStore())
  const [link, setLink] = useState<LinkState>('connecting')
  const [told, setTold] = useState<Told | null>(null)
  const [connection, setConnection] = useState<LiveConnection | null>(null)
  const client = useQueryClient()
  const state = useBasket(basket)

  useEffect(() => {
    const made = new LiveConnection(show, planVersion, store, {
      onLink: setLink,
      onPlan: () => void client.invalidateQueries({ queryKey: ['show', show] }),
      onShow: (state, publicMessage) => setTold({ state, publicMessage }),
      onHold: (hold) => basket?.takeLive(hold),
      onHoldEnded: (id, why) => basket?.takeEnded(id, why),
    })
    made.start()
    setConnection(made)
    return () => made.stop()
  }, [show, planVersion, store, basket, client])

  const holdId = state?.hold?.id
  useEffect(() => {
    const token = basket?.token
    connection?.watchHold(holdId && token ? { id: holdId, token } : null)
  }, [connection, basket, holdId])

  useEffect(() => {
    if (!basket || !placeOf) return
    return store.subscribe((changed) => {
      const { chosen, hold } = basket.state
      if (hold || chosen.length === 0) return
      const moved = changed && new Set(changed)
      const gone = chosen.filter((seat) => {
        const place = placeOf.get(seat)
        return place !== undefined && (!moved || moved.has(place)) && store.code(place) !== AVAILABLE
      })
      if (gone.length > 0) basket.lose(gone)
    })
  }, [basket, placeOf, store])

  return { store, link, told }
}

const THROTTLE_MS = 250
/** Renders again when seats changed, at most four times a second: for lists and counts; the map listens by itself. */
export function useSeatVersion(store: SeatStore): number {
  const [subscribe] = useState(() => (tell: () => void) => {
    let timer: ReturnType<typeof setTimeout> | null = null
    const stop = store.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = null
        tell()
      }, THROTTLE_MS)
    })
    return () => {
      stop()
      if (timer) clearTimeout(timer)
    }
  })
  return useSyncExternalStore(subscribe, () => store.version)
}
