/** For tests of pages: a server that answers what it is told to, and notes what it was asked. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import axe from 'axe-core'
import type { ReactElement } from 'react'
import { expect, vi } from 'vitest'
import { Speaking, type Language } from './i18n'

export type Answer = [status: number, body?: unknown, headers?: Record<string, string>]
type Asked = { what: string; body: unknown; key: string | null }

/** By method and address; anything that is not there is a 404. Ends with `vi.unstubAllGlobals()`. */
export function house(answers: Record<string, Answer | ((body: unknown) => Answer)>) {
  const asked: Asked[] = []
  const all: typeof answers = { 'GET /site': [200, { name: 'House', demo: false, currency: 'EUR', providers: [], mail: 'smtp' }], ...answers }
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const what = `${init.method} ${address.replace('/api/v1', '').replace(/\?.*/, '')}`
    const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined
    asked.push({ what, body, key: new Headers(init.headers).get('Idempotency-Key') })
    const found = all[what] ?? [404, { code: 'not_found', status: 404 }]
    const [status, answer, headers] = typeof found === 'function' ? found(body) : found
    return new Response(answer === undefined ? null : JSON.stringify(answer), { status, headers })
  }))
  return { answers: all, sent: (what: string) => asked.filter((one) => one.what === what) }
}

export const draw = (page: ReactElement, language: Language = 'en') => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language={language}>{page}</Speaking></QueryClientProvider>)

export async function expectAccessible() {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}
