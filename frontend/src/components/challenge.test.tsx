import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Problem, call } from '../api/client'
import { Speaking } from '../i18n'
import { Challenged } from './Challenged'

type Options = { sitekey: string; language: string; callback(token: string): void; 'error-callback'(): void }
const widget = { render: vi.fn<(box: HTMLElement, options: Options) => string>(() => 'w'), remove: vi.fn() }
const options = () => {
  const last = widget.render.mock.lastCall
  if (!last) throw new Error('nothing was shown')
  return last[1]
}

const due = { status: 403, code: 'challenge_required', detail: 'Show it.', challenge: { provider: 'turnstile', site_key: 'k' } }
/** A server that wants one of these tokens. */
function server(...good: string[]) {
  const sent: (string | null)[] = []
  const keys = new Set<string | null>()
  vi.stubGlobal('fetch', vi.fn(async (_: string, init: RequestInit) => {
    const headers = new Headers(init.headers)
    const token = headers.get('Aisle-Challenge')
    sent.push(token)
    keys.add(headers.get('Idempotency-Key'))
    return token !== null && good.includes(token) ? new Response('{"ok":true}', { status: 201 }) : new Response(JSON.stringify(due), { status: 403 })
  }))
  return { sent, keys }
}

beforeEach(() => {
  vi.stubGlobal('turnstile', widget)
  render(<Speaking language="en"><Challenged /></Speaking>)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.clearAllMocks()
})

it('asks when the server does, and sends the same request again with the token', async () => {
  const { sent, keys } = server('good')
  expect(screen.queryByRole('dialog')).toBeNull()
  const answer = call('POST', '/shows/s/holds', { seats: ['A-1'] })
  const dialog = await screen.findByRole('dialog')
  await waitFor(() => expect(widget.render).toHaveBeenCalled())
  expect(options()).toMatchObject({ sitekey: 'k', language: 'en' })
  expect((await axe.run(dialog, { rules: { 'color-contrast': { enabled: false } } })).violations).toEqual([])
  options().callback('good')
  await expect(answer).resolves.toEqual({ ok: true })
  expect(sent).toEqual([null, 'good'])
  expect(keys.size).toBe(1)
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  expect(widget.remove).toHaveBeenCalledWith('w')
})

it('asks again where a token was not taken, but not for ever', async () => {
  const { sent } = server()
  const answer = call('POST', '/x', {}).catch((thrown: unknown) => thrown)
  for (const [n, token] of ['one', 'two'].entries()) {
    await waitFor(() => expect(widget.render).toHaveBeenCalledTimes(n + 1))
    options().callback(token)
  }
  const error = await answer
  expect(error).toBeInstanceOf(Problem)
  expect(error).toMatchObject({ code: 'challenge_required' })
  expect(sent).toEqual([null, 'one', 'two'])
})

it('gives the refusal to who would rather not, and says where the provider cannot be reached', async () => {
  const { sent } = server('good')
  const answer = call('POST', '/x', {}).catch((thrown: unknown) => thrown)
  await waitFor(() => expect(widget.render).toHaveBeenCalledOnce())
  options()['error-callback']()
  expect(await screen.findByRole('alert')).toBeTruthy()
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  await waitFor(() => expect(widget.render).toHaveBeenCalledTimes(2))
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(await answer).toMatchObject({ code: 'challenge_required' })
  expect(sent).toEqual([null])
})
