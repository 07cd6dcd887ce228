// What the browser tests share: a browser, windows that note everything they should not have seen, the API.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

export const base = process.env.AISLE_URL ?? ''
assert.ok(base, 'AISLE_URL names the server')
export const WIDE = { width: 1440, height: 900 }
export const NARROW = { width: 390, height: 844 }
/** Passkeys are bound to a name: there the same server is asked by its other one. */
const HOSTS = [new URL(base).host, new URL(base).host.replace('127.0.0.1', 'localhost')]
/** Far above what anything here takes; only a fault is slower. */
const PATIENCE_MS = 30_000
const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const pictures = process.env.AISLE_PICTURES

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })

/**
 * A window that notes what no page may do: ask another host for anything, break the content security policy, throw, complain in
 * its console, open a dialog. Tests end with `assert.deepEqual(complaints, [])`.
 */
export async function open(browser, size = WIDE, more = {}) {
  const context = await browser.newContext({ viewport: size, locale: 'en-GB', isMobile: size === NARROW, hasTouch: size === NARROW, ...more })
  context.setDefaultTimeout(PATIENCE_MS)
  const complaints = []
  const requests = []
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`content security policy: ${event.violatedDirective} forbids ${event.blockedURI}`))
  })
  const ours = (address) => { const url = new URL(address); return ['data:', 'blob:', 'about:'].includes(url.protocol) || HOSTS.includes(url.host) }
  const note = (address) => {
    requests.push(address)
    if (!ours(address)) complaints.push(`foreign: ${address}`)
  }
  context.on('request', (request) => note(request.url()))
  const watch = (page) => {
    page.on('websocket', (socket) => note(socket.url()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); void dialog.dismiss() })
    page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('the server responded with a status of')) complaints.push(message.text()) })
  }
  context.on('page', watch)
  const page = await context.newPage()
  return { page, context, complaints, requests }
}

/** No fault that a screen reader, a keyboard or weak eyes would stumble over, as far as a program finds them. */
export async function expectAccessible(page) {
  // In the page's own world, by the debugger: the content security policy lets no script in.
  await page.evaluate(AXE)
  const found = await page.evaluate(() => window.axe.run(document).then(({ violations }) => violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)))
  assert.deepEqual(found, [], page.url())
}

export async function picture(page, name) {
  if (!pictures) return
  mkdirSync(pictures, { recursive: true })
  await page.waitForLoadState('networkidle').catch(() => undefined)
  await page.screenshot({ path: `${pictures}/${name}.png` })
}

/** A call by `fetch`, answered as JSON; a status that was not expected ends the test. */
export async function ask(method, path, { body, token, headers = {}, expected = [200, 201, 202, 204] } = {}) {
  const response = await fetch(`${base}/api/v1${path}`, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(method === 'GET' ? {} : { 'Idempotency-Key': crypto.randomUUID() }), ...headers,
    },
  })
  const text = await response.text()
  assert.ok(expected.includes(response.status), `${method} ${path}: ${response.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** A bearer token of the demo's administrator. */
export async function administrator() {
  const answer = await ask('POST', '/auth/login', { body: { email: process.env.AISLE_LOGIN, password: process.env.AISLE_DEMO_PASSWORD } })
  return answer.access_token ?? answer.token
}

/** Signs in by the form. */
export async function signIn(page, email, password, at = base) {
  await page.goto(`${at}/login`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Signs out by the menu. */
export async function leave(page) {
  const menu = page.getByRole('navigation', { name: 'Main' })
  await menu.getByRole('button', { name: 'Account' }).click()
  await menu.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('link', { name: 'Sign in' }).waitFor()
}

/** A show that is on sale with many free seats, and no more than a theatre has. */
export async function someShow() {
  const { items } = await ask('GET', '/shows?limit=100')
  for (const show of items.filter((one) => one.state === 'published' && one.availability === 'good' && (!one.on_sale_at || Date.parse(one.on_sale_at) < Date.now()))) {
    const { seats } = await ask('GET', `/shows/${show.id}/seats`)
    const free = [...seats].filter((letter) => letter === 'a').length
    if (free > 200 && seats.length < 1500) return show
  }
  throw new Error('no theatre show on sale')
}

/** Asks until `answer` gives something, as a person would who presses "again". */
export async function until(answer, what) {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    const found = await answer()
    if (found) return found
    if (Date.now() > end) throw new Error(`${what} did not come`)
    await new Promise((done) => setTimeout(done, 150))
  }
}

/** Two places bought with play money, without a browser: the confirmed order and its token. */
export async function buyTwo(show, customer) {
  const { hold } = await ask('POST', `/shows/${show}/holds`, { body: { best_available: { quantity: 2 } } })
  const { order, payment } = await ask('POST', '/orders', { body: { holds: [{ show_id: show, hold_id: hold.id, token: hold.token }], customer, provider: 'sandbox' } })
  const paid = await fetch(new URL(payment.checkout_url, base), { method: 'POST', body: new URLSearchParams({ outcome: 'succeed' }), redirect: 'manual' })
  assert.equal(paid.status, 303, 'the sandbox leads back')
  const confirmed = await until(async () => {
    const answer = await ask('GET', `/orders/${order.id}`, { headers: { 'Aisle-Order-Token': order.token } })
    return answer.order.status === 'confirmed' ? answer.order : null
  }, 'the confirmation')
  return { order: confirmed, token: order.token }
}
