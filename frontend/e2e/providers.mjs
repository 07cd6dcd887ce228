// A browser pays at the doubles of Stripe and Razorpay, comes back, gives one of two tickets back and then the other; the books of the
// order are empty afterwards. Needs AISLE_STRIPE_URL and AISLE_RAZORPAY_URL beside what the others need: scripts/browser-test.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, base, launch, open, picture, someShow, until } from './kit.mjs'

const browser = await launch()
const token = process.env.AISLE_TOKEN
const PROVIDERS = {
  stripe: { url: process.env.AISLE_STRIPE_URL, account: { secret_key: 'sk_test_aisleaisleaisle4242', webhook_secret: 'whsec_aisleaisleaisle', methods: ['card'] } },
  razorpay: { url: process.env.AISLE_RAZORPAY_URL, account: { key_id: 'rzp_test_AisleAisleAisl', secret_key: 'aisleaisleaisleaisle', webhook_secret: 'a-secret-of-the-webhook', methods: ['card'] } },
}

/** The house takes money by this provider, which is told where its news goes. */
async function connect(house, provider) {
  const { url, account } = PROVIDERS[provider]
  assert.ok(url, `AISLE_${provider.toUpperCase()}_URL names the double`)
  const made = await ask('POST', `/admin/organizers/${house}/payment-accounts`, { token, body: { provider, name: `The double of ${provider}`, ...account } })
  const hook = `${base}${new URL(made.webhook_url).pathname}`
  const told = await fetch(`${url}/-/webhook`, { method: 'POST', body: JSON.stringify({ url: hook, secret: account.webhook_secret }) })
  assert.equal(told.status, 204)
  return made
}

/** What the books hold of an order, account by account, but for what is zero. */
async function books(order) {
  const { money } = await ask('GET', `/admin/orders/${order}/money`, { token })
  const sums = new Map()
  for (const { entries } of money.books) for (const { account, amount } of entries) sums.set(account, (sums.get(account) ?? 0) + amount.amount)
  return { sums: Object.fromEntries([...sums].filter(([, amount]) => amount !== 0)), money }
}

const status = (order, wanted) => until(async () => (await ask('GET', `/admin/orders/${order}`, { token })).order.status === wanted, `the order's being ${wanted}`)

async function giveBack(page, all) {
  await page.getByRole('button', { name: 'Cancel the order' }).click()
  const dialog = page.getByRole('dialog')
  const yes = dialog.getByRole('button', { name: /^Give back/ })
  await yes.waitFor()
  if (!all) await dialog.getByRole('checkbox').first().uncheck()
  await yes.click()
}

test.after(() => browser.close())

for (const provider of Object.keys(PROVIDERS)) {
  test(`a browser pays at ${provider}, gives a part back and then the rest`, async () => {
    const show = await someShow()
    const shown = await ask('GET', `/admin/shows/${show.id}`, { token })
    const house = (shown.show ?? shown).organizer_id
    const account = await connect(house, provider)
    const { page, context, complaints } = await open(browser)
    await page.goto(`${base}/shows/${show.id}`)
    await page.waitForSelector('canvas')
    await page.getByRole('button', { name: 'Pick for me' }).click()
    await page.getByRole('button', { name: /Find the best/ }).click()
    await page.getByRole('link', { name: 'Check out' }).click()
    await page.getByLabel('Name').fill('Ada Example')
    await page.getByLabel('E-mail').fill('ada@example.org')
    await page.locator(`select:has(option[value="${provider}/card"])`).selectOption(`${provider}/card`)
    await page.getByRole('button', { name: /^Pay/ }).click()
    if (provider === 'razorpay') {
      // Our page, whose policy lets this one form go there.
      await page.waitForURL(/\/razorpay\/checkout\//)
      await picture(page, 'razorpay')
      await page.getByRole('button', { name: 'Pay at Razorpay' }).click()
    }
    await page.waitForURL((url) => url.origin === PROVIDERS[provider].url)
    // Declined first: at Stripe one tries again on the same page.
    if (provider === 'stripe') {
      await page.getByRole('button', { name: 'Be declined' }).click()
      await page.waitForLoadState()
    }
    await page.getByRole('button', { name: 'Pay', exact: true }).click()
    await page.waitForURL((url) => url.origin === base && url.pathname.startsWith('/orders/'))
    await page.getByRole('heading', { level: 1, name: 'See you there' }).waitFor()
    const order = new URL(page.url()).pathname.split('/').at(-1)
    await status(order, 'confirmed')
    const paid = await books(order)
    assert.ok(paid.sums[`provider:${provider}`] > 0, JSON.stringify(paid.sums))
    assert.equal(paid.money.payments.find((one) => one.counts).account, account.id)

    const tickets = (await ask('GET', `/admin/orders/${order}/money`, { token })).money.lines.flatMap((line) => line.tickets)
    assert.equal(tickets.length, 2)
    await giveBack(page, false)
    await status(order, 'partially_refunded')
    const half = await books(order)
    assert.ok(half.sums[`provider:${provider}`] > 0 && half.sums[`provider:${provider}`] < paid.sums[`provider:${provider}`], JSON.stringify(half.sums))
    await page.reload()
    await giveBack(page, true)
    await status(order, 'refunded')
    const { sums, money } = await books(order)
    assert.deepEqual(sums, {}, 'nothing is left in any account of the books')
    assert.equal(money.left.amount, 0)
    const foreign = `foreign: ${PROVIDERS[provider].url}`
    assert.deepEqual(complaints.filter((one) => !one.startsWith(foreign)), [])
    await ask('DELETE', `/admin/organizers/${house}/payment-accounts/${account.id}`, { token })
    await context.close()
  })
}
