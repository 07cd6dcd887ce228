// A guest buys with play money, looks the order up, follows the mailed link, makes an account with the same address, finds the order
// there and cancels it; and ends a link that came into wrong hands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NARROW, administrator, ask, base, buyTwo, expectAccessible, launch, open, signIn, someShow, until } from './kit.mjs'

const browser = await launch()
test.after(() => browser.close())

const PASSWORD = 'the lamp over the third door'
const someone = () => `guest-${crypto.randomUUID().slice(0, 8)}@example.org`
const token = await administrator()

/** The newest mail to somebody about this, and the path that its first link leads to. */
async function mailTo(email, subject) {
  return until(async () => {
    const { items } = await ask('GET', '/admin/mailbox?limit=100', { token })
    const mail = items.find((one) => one.to.includes(email) && subject.test(one.subject))
    if (!mail) return null
    const { text } = await ask('GET', `/admin/mailbox/${mail.id}`, { token })
    const address = new URL(text.match(/https?:\/\/\S+#\S+/)?.[0] ?? 'about:blank')
    return { text, path: address.pathname + address.search + address.hash }
  }, `a mail to ${email}`)
}

async function fits(page, what) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${what} scrolls sideways`)
  await expectAccessible(page)
}

/** A link opened from a mail is a page of its own, not a jump within one. */
async function follow(page, path) {
  await page.goto('about:blank')
  await page.goto(base + path)
}

test('a guest finds the order again, makes an account, and cancels it there', async () => {
  const { page, context, complaints } = await open(browser, NARROW)
  const email = someone()
  const show = await someShow()
  await page.goto(`${base}/shows/${show.id}`)
  await page.waitForSelector('canvas')
  await page.getByRole('button', { name: 'Pick for me' }).click()
  await page.getByRole('button', { name: /Find the best/ }).click()
  await page.getByRole('link', { name: 'Check out' }).click()
  await page.getByLabel('Name').fill('Greta Guest')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: /^Pay/ }).click()
  await page.waitForURL(/\/sandbox\/checkout\//)
  await page.locator('button[value="succeed"]').click()
  await page.waitForURL(/\/orders\//)
  await page.getByRole('heading', { level: 1, name: 'See you there' }).waitFor()
  await page.locator('section[aria-labelledby="tickets"] img').first().waitFor()
  await page.getByRole('link', { name: 'Make an account' }).waitFor()
  await fits(page, 'the order')
  const order = new URL(page.url()).pathname

  // On another device the link is lost.
  const other = await open(browser, NARROW)
  await other.page.goto(base + order)
  await other.page.getByText('This page needs the link from your mail.').waitFor()
  await fits(other.page, 'the look-up')
  await other.page.getByLabel('E-mail').fill(email)
  await other.page.getByRole('button', { name: 'Send the link' }).click()
  await other.page.getByText(/the link is on its way/).waitFor()
  const mail = await mailTo(email, /^Your orders/)
  assert.equal(new URL(base + mail.path).pathname, order)
  await follow(other.page, mail.path)
  await other.page.getByRole('heading', { level: 1, name: 'See you there' }).waitFor()

  // From there to an account of one's own.
  await other.page.getByRole('link', { name: 'Make an account' }).click()
  await other.page.getByRole('heading', { name: 'Make an account' }).waitFor()
  assert.equal(await other.page.getByLabel('E-mail').inputValue(), email)
  await other.page.getByLabel('Name').fill('Greta Guest')
  await other.page.getByLabel('Password').fill(PASSWORD)
  await other.page.getByRole('button', { name: 'Make the account' }).click()
  await other.page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  await follow(other.page, (await mailTo(email, /^Confirm your address/)).path)
  await other.page.getByRole('button', { name: 'Yes, this is my address' }).click()
  await other.page.getByRole('heading', { name: /Your address is confirmed|Account/ }).waitFor()

  // A third device knows no link at all.
  const third = await open(browser, NARROW)
  await signIn(third.page, email, PASSWORD)
  await third.page.waitForURL(`${base}/account`)
  const menu = third.page.getByRole('navigation', { name: 'Main' })
  await menu.getByRole('button', { name: 'Account' }).click()
  await menu.getByRole('link', { name: 'My orders' }).click()
  await third.page.getByRole('heading', { level: 1, name: 'My orders' }).waitFor()
  await third.page.getByText(/can be cancelled/).waitFor()
  await fits(third.page, 'my orders')
  await third.page.locator('.things__name a').click()
  await third.page.waitForURL(base + order)
  await third.page.getByText('This order is in your account.').waitFor()
  await third.page.locator('section[aria-labelledby="tickets"] img').first().waitFor()
  await third.page.getByRole('button', { name: 'Cancel the order' }).click()
  await third.page.getByRole('button', { name: /^Give back/ }).click()
  await third.page.getByRole('heading', { level: 1, name: /Your money (is on its way back|went back)/ }).waitFor()
  for (const window of [page, other.page, third.page]) await window.goto('about:blank')
  assert.deepEqual([...complaints, ...other.complaints, ...third.complaints], [])
  for (const one of [context, other.context, third.context]) await one.close()
})

test('a link in wrong hands is ended, and the next one is in the mail', async () => {
  const email = someone()
  const { order, token: link } = await buyTwo((await someShow()).id, { name: 'Greta Guest', email })
  const buyer = await open(browser)
  const thief = await open(browser)
  for (const { page } of [buyer, thief]) {
    await page.goto(`${base}/orders/${order.id}#t=${link}`)
    await page.getByRole('heading', { level: 1, name: 'See you there' }).waitFor()
  }
  await buyer.page.getByRole('button', { name: 'This link got into wrong hands' }).click()
  await expectAccessible(buyer.page)
  await buyer.page.getByRole('button', { name: 'End the links' }).click()
  await buyer.page.getByRole('heading', { name: 'The links have ended' }).waitFor()
  await buyer.page.getByText(email).waitFor()

  await thief.page.reload()
  await thief.page.getByText(/This link no longer works/).waitFor()
  await expectAccessible(thief.page)
  const mail = await mailTo(email, /^A new link/)
  await follow(buyer.page, mail.path)
  await buyer.page.getByRole('heading', { level: 1, name: 'See you there' }).waitFor()
  assert.deepEqual([...buyer.complaints, ...thief.complaints], [])
  await buyer.context.close()
  await thief.context.close()
})
