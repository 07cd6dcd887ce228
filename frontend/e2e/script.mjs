// Whatever people write into a field stays text: script as a production's title, a venue's name, a customer's name, on every page,
// picture, ticket and mail that shows them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { administrator, ask, base, buyTwo, launch, open, signIn } from './kit.mjs'

const browser = await launch()
test.after(() => browser.close())

/** Breaks out of an attribute, a title or a field, and would run in two ways. With spaces: a ticket's lines are broken at them. */
const spell = (who) => `${who} "'></title> <script>window.ran=1</script> <img src=x onerror="window.ran=1">`
const TITLE = spell('title')
const VENUE = spell('venue')
const CUSTOMER = spell('customer')

async function house() {
  const token = await administrator()
  const [organizer] = (await ask('GET', '/admin/organizers', { token })).items
  // A small house, so that every seat of it is free.
  const seat = (number) => ({ seat_guid: `stalls-A-${number}`, seat_number: String(number), category: 'Any', position: { x: number * 24, y: 0 } })
  const plan = {
    name: spell('plan'), categories: [{ name: 'Any', color: '#888888' }],
    zones: [{ name: spell('section'), zone_id: 'stalls', position: { x: 0, y: 0 }, rows: [{ row_number: 'A', row_number_position: 'both', position: { x: 0, y: 0 }, seats: [1, 2, 3, 4, 5, 6].map(seat) }], areas: [] }],
    size: { width: 400, height: 200 },
  }
  const venue = await ask('POST', '/admin/venues', { token, body: { organizer_id: organizer.id, name: VENUE, city: spell('city'), address: spell('address'), time_zone: 'Europe/Stockholm' } })
  const made = await ask('POST', '/admin/plans', { token, body: { organizer_id: organizer.id, venue_id: venue.id, name: spell('plan'), plan } })
  const production = await ask('POST', '/admin/productions', {
    token, body: { organizer_id: organizer.id, title: TITLE, subtitle: spell('subtitle'), kind: 'theatre', summary: spell('summary'), description: spell('description'), credits: [{ role: spell('role'), name: spell('credit') }] },
  })
  const show = await ask('POST', '/admin/shows', {
    token, body: {
      production_id: production.id, venue_id: venue.id, plan_id: made.id, starts_at: new Date(Date.now() + 5 * 86_400_000).toISOString(),
      prices: { ticket_types: [{ key: 'adult', name: spell('type'), default: true }], price_levels: [{ key: 'any', name: spell('level'), category: 'Any', color: '#888888', prices: [{ ticket_type: 'adult', amount: 2000 }] }] },
    },
  })
  await ask('POST', `/admin/shows/${show.id}/state`, { token, body: { action: 'publish' } })
  return { production, show }
}

const { production, show } = await house()
const bought = await buyTwo(show.id, { name: CUSTOMER, email: 'script@example.org' })

/** Nothing ran, in no frame, and nothing of a spell became an element. */
async function tame(page, what) {
  for (const frame of page.frames()) {
    // A sandboxed frame runs nothing, ours neither; what it holds can still be looked at from outside.
    const found = await frame.evaluate(() => ({ ran: window.ran ?? null, elements: document.querySelectorAll('img[src="x"], [onerror], [onload]').length, scripts: [...document.scripts].filter((script) => script.textContent.includes('window.ran')).length })).catch(() => null)
    if (found) assert.deepEqual(found, { ran: null, elements: 0, scripts: 0 }, `${what} ${frame.url()}`)
  }
}

test('for buyers', async () => {
  const { page, context, complaints } = await open(browser)
  const places = [
    ['/?q=title', TITLE], [`/productions/${production.id}`, TITLE], [`/shows/${show.id}`, TITLE], [`/orders/${bought.order.id}#t=${bought.token}`, TITLE],
    [`/productions/${production.id}`, VENUE], [`/orders/${bought.order.id}#t=${bought.token}`, VENUE],
  ]
  for (const [place, text] of places) {
    await page.goto('about:blank')
    await page.goto(base + place)
    await page.getByText(text, { exact: false }).first().waitFor()
    await tame(page, place)
    assert.deepEqual(complaints, [], place)
  }
  await page.goto(`${base}/shows/${show.id}`)
  await page.getByRole('button', { name: 'Pick for me' }).click()
  await page.getByRole('button', { name: /Find the best/ }).click()
  await page.getByRole('link', { name: 'Check out' }).click()
  await page.getByLabel('Name').waitFor()
  await page.getByText(spell('section'), { exact: false }).first().waitFor()
  await tame(page, 'checkout')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('as pictures and papers opened by themselves', async () => {
  const { page, context, complaints } = await open(browser)
  const { items } = await ask('GET', `/orders/${bought.order.id}/tickets`, { headers: { 'Aisle-Order-Token': bought.token } })
  assert.equal(items.length, 2)
  for (const address of [`/api/v1/productions/${production.id}/poster.svg`, items[0].svg_url]) {
    await page.goto(new URL(address, base).href)
    await tame(page, address)
  }
  assert.deepEqual(complaints, [])
  await context.close()
})

test('for the house', async () => {
  const { page, context, complaints } = await open(browser)
  await signIn(page, process.env.AISLE_LOGIN ?? '', process.env.AISLE_DEMO_PASSWORD ?? '')
  await page.waitForURL(/\/admin/)
  for (const [place, text] of [['/admin', TITLE], ['/admin/orders', CUSTOMER], ['/admin/house', TITLE]]) {
    await page.goto(base + place)
    if (place === '/admin/house') await page.getByRole('button', { name: 'Production', exact: true }).click()
    await page.getByText(text, { exact: false }).first().waitFor()
    await tame(page, place)
  }
  await page.goto(`${base}/admin/mailbox`)
  await page.getByText('script@example.org').first().click()
  await page.frameLocator('iframe').getByText(CUSTOMER, { exact: false }).or(page.frameLocator('iframe').getByText(TITLE, { exact: false })).first().waitFor()
  await tame(page, 'mail')
  assert.deepEqual(complaints, [])
  await context.close()
})
