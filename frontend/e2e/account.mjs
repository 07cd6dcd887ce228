// Somebody makes an account by a link from a mail, and sees their own pages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NARROW, administrator, ask, base, expectAccessible, launch, leave, open, signIn, until } from './kit.mjs'

const browser = await launch()
test.after(() => browser.close())

const PASSWORD = 'the lamp over the third door'
const someone = () => `visitor-${crypto.randomUUID().slice(0, 8)}@example.org`
const token = await administrator()

/** The address in the newest mail to somebody. */
async function linkTo(email, known = new Set()) {
  return until(async () => {
    const { items } = await ask('GET', '/admin/mailbox?limit=100', { token })
    const mail = items.find((one) => one.to.includes(email) && !known.has(one.id))
    if (!mail) return null
    const { text } = await ask('GET', `/admin/mailbox/${mail.id}`, { token })
    const link = text.match(/https?:\/\/\S+#\S+/)?.[0]
    assert.ok(link, `a link in: ${text}`)
    const address = new URL(link)
    return { id: mail.id, path: address.pathname + address.search + address.hash }
  }, `a mail to ${email}`)
}

async function registered(page, email, at = base) {
  await page.goto(`${at}/register`)
  await expectAccessible(page)
  await page.getByLabel('Name').fill('Vera Visitor')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  const link = await linkTo(email)
  await page.goto('about:blank')
  await page.goto(at + link.path)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Yes, this is my address' }).click()
  await page.getByRole('heading', { name: /Your address is confirmed|Account/ }).waitFor()
  if (!page.url().endsWith('/account')) await signIn(page, email, PASSWORD, at)
  await page.waitForURL(`${at}/account`)
  return link
}

test('an account is made by a link from a mail, on a phone, and the link works once', async () => {
  const { page, context, complaints } = await open(browser, NARROW)
  const email = someone()
  const link = await registered(page, email)
  await page.getByText(`Mails go to ${email}.`).waitFor()
  for (const path of ['/account', '/account/security', '/account/data']) {
    await page.goto(base + path, { waitUntil: 'networkidle' })
    await page.getByRole('heading', { level: 1 }).waitFor()
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${path} scrolls sideways`)
    await expectAccessible(page)
  }
  // Signed in by cookies that no script reads.
  assert.equal(await page.evaluate(() => document.cookie), '')
  await leave(page)
  await page.goto('about:blank')
  await page.goto(base + link.path)
  await page.getByRole('button', { name: 'Yes, this is my address' }).click()
  await page.getByRole('alert').waitFor()
  assert.deepEqual(complaints, [])
  await context.close()
})
