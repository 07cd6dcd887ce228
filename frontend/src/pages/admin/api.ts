/** What the back office reads and writes. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call, newKey } from '../../api/client'
import type { Page, ShowCard, ShowState } from '../../api/types'
import type { PlanJson } from '../../map/plan-json'

export type Organizer = { id: string; name: string }
export type AdminVenue = { id: string; name: string; city: string; time_zone: string }
export type AdminPlan = { id: string; name: string; venue_id: string | null; newest?: { seats: number; places: number; number: number }; categories?: string[] }
export type AdminProduction = { id: string; title: string; kind: string }
export type Counts = { available: number; held: number; booked: number; blocked: number }
export type AdminShow = ShowCard & { counts?: Counts | null }
export type PriceTable = {
  ticket_types: { key: string; name: string; description: string; default: boolean }[]
  price_levels: { key: string; name: string; category: string; color: string; prices: { ticket_type: string; amount: number }[] }[]
}

const useList = <T>(room: string) => useQuery({ queryKey: ['admin', room], queryFn: async ({ signal }) => (await call<Page<T>>('GET', `/admin/${room}?limit=100`, undefined, { signal })).items })
export const useOrganizers = () => useList<Organizer>('organizers')
export const useVenues = () => useList<AdminVenue>('venues')
export const usePlans = () => useList<AdminPlan>('plans')
export const useAdminProductions = () => useList<AdminProduction>('productions')

/** Makes something in a room of the back office and reads the room again. One key for one press of a button. */
export function useMake<Body, Made = { id: string }>(room: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ key, ...body }: Body & { key: string }) => call<Made>('POST', `/admin/${room}`, body, { key }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['admin'] }),
  })
}

export type Action = 'publish' | 'pause' | 'resume' | 'cancel'
/** What can be done with a show in each state; the server has the last word. */
export const ACTIONS: Record<ShowState, readonly Action[]> = { draft: ['publish'], published: ['pause', 'cancel'], paused: ['resume', 'cancel'], cancelled: [], moved: ['publish'], ended: [] }
/** What the public should hear about. */
export const ANNOUNCED: Record<Action, boolean> = { publish: false, pause: true, resume: false, cancel: true }

export function useShowState() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ show, action, publicMessage }: { show: string; action: Action; publicMessage?: string }) =>
      call('POST', `/admin/shows/${show}/state`, { action, ...(publicMessage ? { public_message: publicMessage } : {}) }, { key: newKey() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['admin'] }),
  })
}

/** The categories of a plan, best first, as far as the plan's own description names them. */
export const categoriesOf = (json: PlanJson): string[] => json.categories.map((category) => category.name)

/** A wall-clock time at a place, as the moment it is: "2026-11-27T19:30" in Stockholm is 18:30 UTC. */
export function momentAt(local: string, zone: string): string {
  const wall = Date.parse(`${local}:00Z`)
  // Twice, because the offset that counts is that of the moment sought, not of the first guess.
  const first = wall - offsetMs(wall, zone)
  return new Date(wall - offsetMs(first, zone)).toISOString()
}

function offsetMs(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(moment)
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(moment / 1000) * 1000
}

/** "45", "45.5" or "45,50" as minor units; null where it isn't a price. */
export function minorUnits(typed: string, currency: string): number | null {
  const value = Number(typed.trim().replace(',', '.'))
  if (typed.trim() === '' || !Number.isFinite(value) || value < 0) return null
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  return Math.round(value * 10 ** digits)
}

/** A key made of a name: "Circle front" is "circle-front". */
export const keyOf = (name: string, no: number): string => name.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 40) || `level-${no + 1}`
