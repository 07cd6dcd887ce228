// A browser buys two tickets while a second window watches, declines a card on the way, comes back from the payment page, and
// takes the README's pictures. Needs AISLE_URL, AISLE_LOGIN and AISLE_DEMO_PASSWORD of a demo house: scripts/browser-test.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NARROW, ask, base, launch, open as openIn, picture, signIn, someShow } from './kit.mjs'

const browser = await launch()
const open = (size) => openIn(browser, size)

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

  const { seats } = await ask('GET', `/shows/${show.id}/seats`)
  assert.deepEqual(places.map((place) => seats[place]), ['b', 'b'])
  assert.deepEqual([...buyer.complaints, ...watcher.complaints], [])
  await buyer.context.close()
  await watcher.context.close()
})

test('the confirmation is in the mailbox with the tickets attached', async () => {
  const { page, context } = await open()
  await signIn(page, process.env.AISLE_LOGIN ?? '', process.env.AISLE_DEMO_PASSWORD ?? '')
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
