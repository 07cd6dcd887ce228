/** What the pages read, as queries: who asks for the same thing gets the same answer. */
import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { PlanJson } from '../map/plan-json'
import { call } from './client'
import type { Facets, Page, Production, ProductionCard, Rush, Show, ShowCard, Site } from './types'

export type ProductionFilter = { q?: string; kind?: string; city?: string; venue?: string; from?: string; to?: string; date?: string }

const query = (values: Record<string, string | undefined>): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value) params.set(name, value)
  const text = params.toString()
  return text ? `?${text}` : ''
}

export const siteQuery = queryOptions({ queryKey: ['site'], queryFn: ({ signal }) => call<Site>('GET', '/site', undefined, { signal }), staleTime: 60_000 })
export const useSite = () => useQuery(siteQuery)

type Found = Page<ProductionCard> & { facets?: Facets }
export function useProductions({ date, ...filter }: ProductionFilter) {
  const span = date ? daySpan(date) : {}
  return useInfiniteQuery({
    queryKey: ['productions', filter, date],
    queryFn: ({ pageParam, signal }) => call<Found>('GET', `/productions${query({ ...filter, ...span, limit: '24', after: pageParam ?? undefined })}`, undefined, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  })
}

/** The server takes moments; a day begins and ends where the reader is. */
export function daySpan(date: string): { from: string; to: string } {
  const [year = 1970, month = 1, day = 1] = date.split('-').map(Number)
  return { from: new Date(year, month - 1, day).toISOString(), to: new Date(year, month - 1, day + 1).toISOString() }
}

export const useProduction = (id: string) =>
  useQuery({ queryKey: ['production', id], queryFn: ({ signal }) => call<Production>('GET', `/productions/${id}`, undefined, { signal }) })

/** The shows of the next days, for the row of days. */
export const useComingShows = (from: string, to: string) =>
  useQuery({ queryKey: ['shows', from, to], queryFn: ({ signal }) => call<Page<ShowCard>>('GET', `/shows${query({ from, to, limit: '100' })}`, undefined, { signal }), staleTime: 60_000 })

export const showQuery = (id: string) => queryOptions({ queryKey: ['show', id], queryFn: ({ signal }) => call<Show>('GET', `/shows/${id}`, undefined, { signal }), staleTime: 15_000 })
export const useShow = (id: string) => useQuery(showQuery(id))

export const usePlanJson = (show: string, version: string | undefined) =>
  useQuery({
    queryKey: ['plan', show, version],
    queryFn: ({ signal }) => call<PlanJson>('GET', `/shows/${show}/plan?v=${version ?? ''}`, undefined, { signal }),
    enabled: version !== undefined, staleTime: Infinity, gcTime: 10 * 60_000,
  })

export const useRush = (watching: boolean) =>
  useQuery({
    queryKey: ['rush'], queryFn: ({ signal }) => call<Rush>('GET', '/demo/rush', undefined, { signal }), enabled: watching,
    refetchInterval: (state) => (state.state.data?.state === 'running' ? 700 : 4_000),
  })
