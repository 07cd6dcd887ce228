// A browser buys two tickets while a second window watches, declines a card on the way, comes back from the payment page, and
// takes the README's pictures. Needs AISLE_URL, AISLE_LOGIN and AISLE_DEMO_PASSWORD of a demo house: scripts/browser-test.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'
import { chromium } from 'playwright-core'

const base = process.env.AISLE_URL
const pictures = process.env.AISLE_PICTURES
assert.ok(base, 'AISLE_URL names the server')
const WIDE = { width: 1440, height: 900 }
const NARROW = { width: 390, height: 844 }
/** Far above what anything here takes; only a fault is slower. */
const PATIENCE_MS = 30_000

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })

/** A window whose console stays silent: what the page complains of is a fault of the page. */
async function open(size = WIDE, storageState = undefined) {
  const context = await browser.newContext({ viewport: size, locale: 'en-GB', isMobile: size === NARROW, hasTouch: size === NARROW, ...(storageState ? { storageState } : {}) })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('the server responded with a status of')) complaints.push(message.text()) })
  return { page, context, complaints }
}

async function picture(page, name) {
  if (!pictures) return
  mkdirSync(pictures, { recursive: true })
  await page.waitForLoadState('networkidle').catch(() => undefined)
  await page.screenshot({ path: `${pictures}/${name}.png` })
}

async function getJson(path) {
  const response = await fetch(`${base}/api/v1${path}`)
  assert.equal(response.status, 200, path)
  return response.json()
}

/** A show that is on sale with many free seats, and no more than a theatre has. */
async function someShow() {
  const { items } = await getJson('/shows?limit=100')
  for (const show of items.filter((one) => one.state === 'published' && one.availability === 'good' && (!one.on_sale_at || Date.parse(one.on_sale_at) < Date.now()))) {
    const { seats } = await getJson(`/shows/${show.id}/seats`)
    const free = [...seats].filter((letter) => letter === 'a').length
    if (free > 200 && seats.length < 1500) return show
  }
  throw new Error('no theatre show on sale')
}

async function toList(page, show) {
  await page.goto(`${base}/shows/${show.id}`)
  await page.getByRole('button', { name: 'List', exact: true }).click()
  const sections = page.locator('.seatlist__open')
  await sections.first().waitFor()
  await sections.first().click()
  await page.locator('.seatlist__seat').first().waitFor()
}

/** Two free neighbours in the open section. */
async function twoFree(page) {
  const places = await page.locator('.seatlist__seat[aria-disabled="false"]').evaluateAll((seats) => seats.map((seat) => Number(seat.dataset.place)))
  const first = places.find((place) => places.includes(place + 1))
  assert.notEqual(first, undefined, 'two free neighbours')
  return [first, first + 1]
}

const seat = (page, place) => page.locator(`.seatlist__seat[data-place="${place}"]`)

async function holdTwo(page, show) {
  await toList(page, show)
  const places = await twoFree(page)
  for (const place of places) await seat(page, place).click()
  await page.getByRole('button', { name: /^Hold 2/ }).click()
  await page.getByRole('link', { name: 'Check out' }).waitFor()
  return places
}

async function toPayment(page) {
  await page.getByRole('link', { name: 'Check out' }).click()
  await page.getByLabel('Name').fill('Ada Example')
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByRole('button', { name: /^Pay/ }).click()
  await page.waitForURL(/\/sandbox\/checkout\//)
}

const outcome = (page, value) => page.locator(`button[value="${value}"]`).click()
const turns = (page, place, free) => page.waitForFunction(([at, wanted]) => (document.querySelector(`.seatlist__seat[data-place="${at}"]`)?.getAttribute('aria-disabled') === 'false') === wanted, [place, free])

test.after(() => browser.close())

test('a ticket is bought while a second window watches', async () => {
  const show = await someShow()
  const buyer = await open()
  await buyer.page.goto(base)
  await buyer.page.getByRole('heading', { level: 1 }).first().waitFor()
  await picture(buyer.page, 'home')
  const watcher = await open()
  await toList(watcher.page, show)

  const places = await holdTwo(buyer.page, show)
  for (const place of places) await turns(watcher.page, place, false)
  await buyer.page.getByRole('button', { name: 'Map', exact: true }).click()
  await buyer.page.waitForSelector('canvas')
  await picture(buyer.page, 'map')

  // A reload and a killed tab keep the hold.
  await buyer.page.reload()
  await buyer.page.getByRole('timer').waitFor()
  await toPayment(buyer.page)
  await picture(buyer.page, 'payment')

  // Back from the payment page: the hold is open again, and can be paid once more.
  await buyer.page.goto(`${base}/shows/${show.id}`)
  await buyer.page.getByRole('timer').waitFor()
  await toPayment(buyer.page)

  // A declined card tries again.
  await outcome(buyer.page, 'decline')
  await buyer.page.waitForURL(/\/orders\//)
  await buyer.page.getByRole('button', { name: /again/i }).click()
  await buyer.page.waitForURL(/\/sandbox\/checkout\//)
  await outcome(buyer.page, 'succeed')
  await buyer.page.waitForURL(/\/orders\//)
  await buyer.page.locator('section[aria-labelledby="tickets"] img').first().waitFor()
  assert.equal(await buyer.page.locator('section[aria-labelledby="tickets"] img').count(), 2)
  await picture(buyer.page, 'order')

  const { seats } = await getJson(`/shows/${show.id}/seats`)
  assert.deepEqual(places.map((place) => seats[place]), ['b', 'b'])
  assert.deepEqual([...buyer.complaints, ...watcher.complaints], [])
  await buyer.context.close()
  await watcher.context.close()
})

test('the confirmation is in the mailbox with the tickets attached', async () => {
  const { page, context } = await open()
  await page.goto(`${base}/login`)
  await page.getByLabel('E-mail').fill(process.env.AISLE_LOGIN ?? '')
  await page.getByLabel('Password').fill(process.env.AISLE_DEMO_PASSWORD ?? '')
  await page.getByRole('button', { name: /sign in/i }).click()
  await page.waitForURL(/\/admin/)
  await page.goto(`${base}/admin/mailbox`)
  await page.getByText('ada@example.org').first().click()
  await page.getByRole('link', { name: /\.pdf/ }).first().waitFor()
  await picture(page, 'mailbox')
  await context.close()
})

test('a phone finds its way and nothing scrolls sideways', async () => {
  const show = await someShow()
  const { page, context, complaints } = await open(NARROW)
  const fits = async (what) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${what} scrolls sideways`)
  await page.goto(base)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await picture(page, 'home-phone')
  await fits('home')
  await page.goto(`${base}/productions/${show.production.id}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await fits('production')
  await page.goto(`${base}/shows/${show.id}`)
  await page.waitForSelector('canvas')
  await picture(page, 'map-phone')
  await fits('map')
  await page.getByRole('button', { name: 'Pick for me' }).click()
  await page.getByRole('button', { name: /Find the best/ }).click()
  await page.getByRole('link', { name: 'Check out' }).click()
  await page.getByLabel('Name').waitFor()
  await picture(page, 'checkout-phone')
  await fits('checkout')
  assert.deepEqual(complaints, [])
  await context.close()
})
