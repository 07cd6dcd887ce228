// An organizer invites somebody, who reads the mail, makes an account by its link and works there, until they are taken away. And an
// administrator finds them, ends their sessions, and erases a customer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NARROW, administrator, ask, base, buyTwo, expectAccessible, launch, leave, open, picture, signIn, someShow, until } from './kit.mjs'

const browser = await launch()
test.after(() => browser.close())

const STAFF_PASSWORD = process.env.AISLE_DEMO_PASSWORD ?? ''
const MANAGER = 'organizer@aisle.example'
const PASSWORD = 'the lamp over the third door'
const email = `usher-${crypto.randomUUID().slice(0, 8)}@example.org`

async function staff(page, who) {
  await signIn(page, who, STAFF_PASSWORD)
  await page.waitForURL(`${base}/admin`)
}
async function people(page) {
  await page.getByRole('navigation', { name: 'Back office' }).getByRole('link', { name: 'People' }).click()
  await page.getByRole('heading', { level: 1, name: 'People' }).waitFor()
}
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)
const dialog = (page) => page.getByRole('dialog')

test('somebody is invited, comes in by the mail, works, and is taken away', async () => {
  const house = await open(browser)
  await staff(house.page, MANAGER)
  await people(house.page)
  await house.page.getByRole('region', { name: 'Members' }).waitFor()
  await expectAccessible(house.page)
  await house.page.getByLabel('E-mail').fill(email)
  await house.page.getByLabel('Role', { exact: true }).selectOption('box_office')
  await house.page.getByRole('button', { name: 'Send the invitation' }).click()
  await house.page.getByText(`An invitation is on its way to ${email}.`).waitFor()
  await house.page.getByRole('region', { name: 'Open invitations' }).getByText(email).waitFor()
  await expectAccessible(house.page)
  await picture(house.page, 'members-invited')

  // The mail, as an administrator sees it in the mailbox: it is no house's own, and who runs the house does not see it.
  const office = await open(browser)
  await staff(office.page, process.env.AISLE_LOGIN)
  await office.page.goto(`${base}/admin/mailbox`)
  await office.page.getByRole('link').filter({ hasText: email }).click()
  await office.page.getByRole('button', { name: 'Plain text' }).click()
  const link = await office.page.getByRole('link', { name: /\/invitation#t=/ }).getAttribute('href')
  assert.ok(link?.startsWith(`${base}/invitation#t=`), link)
  await picture(office.page, 'members-mail')
  await house.page.goto(`${base}/admin/mailbox`)
  await house.page.getByRole('heading', { level: 1, name: 'Mailbox' }).waitFor()
  assert.equal(await house.page.getByText(email).count(), 0)

  // Who is signed in as somebody else is told so.
  await office.page.goto('about:blank')
  await office.page.goto(link)
  await office.page.getByRole('button', { name: 'Sign out and go on' }).waitFor()
  await expectAccessible(office.page)

  const { page, context, complaints } = await open(browser, NARROW)
  await page.goto(link)
  await page.getByText(/asks you to work with them/).waitFor()
  await expectAccessible(page)
  assert.ok(await fits(page), 'the invitation scrolls sideways')
  await picture(page, 'members-invitation')
  await page.getByLabel('Name').fill('Ursula Usher')
  await page.getByLabel('Password').fill('password1234')
  await page.getByRole('button', { name: 'Make the account and join' }).click()
  await page.locator('[aria-invalid="true"]').waitFor()
  await page.getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${base}/admin`)
  await page.goto(`${base}/admin/orders`)
  await page.getByRole('heading', { level: 1, name: 'Orders' }).waitFor()
  await until(async () => (await page.getByRole('alert').count()) === 0 && (await page.getByText(/Nobody has bought anything yet|Customer/).count()) > 0, 'the orders')
  await page.goto(`${base}/admin/people`)
  await page.getByRole('alert').getByText('Your role does not allow this.').waitFor()

  // Another part, at once; and none.
  await house.page.goto(`${base}/admin/people`)
  await house.page.getByRole('button', { name: 'Change the role of Ursula Usher' }).click()
  await dialog(house.page).getByLabel('Role', { exact: true }).selectOption('scanner')
  await expectAccessible(house.page)
  await dialog(house.page).getByRole('button', { name: 'Change' }).click()
  await house.page.getByRole('row').filter({ hasText: email }).getByText('scanner').waitFor()
  await page.goto(`${base}/admin/orders`)
  await page.getByRole('alert').getByText('Your role does not allow this.').waitFor()
  await house.page.getByRole('button', { name: 'Remove Ursula Usher' }).click()
  await dialog(house.page).getByRole('button', { name: 'Remove' }).click()
  await until(async () => (await house.page.getByText(email).count()) === 0, 'the end of the membership')
  await picture(house.page, 'members-removed')
  await page.goto(`${base}/account`)
  await page.getByText(`Mails go to ${email}.`).waitFor()

  // The link was good once. Opened by who has an account and is not signed in, it is dead for them too.
  await leave(page)
  await page.goto('about:blank')
  await page.goto(link)
  await page.getByRole('alert').getByText(/used already/).waitFor()
  for (const one of [house, office]) assert.deepEqual(one.complaints, [])
  assert.deepEqual(complaints, [])
  for (const one of [context, house.context, office.context]) await one.close()
})

test('who has an account signs in on the way, and comes back to the invitation', async () => {
  const token = await administrator()
  const { items } = await ask('GET', '/admin/organizers', { token })
  const before = (await ask('GET', '/admin/mailbox?limit=50', { token })).items.map((one) => one.id)
  await ask('POST', `/admin/organizers/${items[0].id}/members`, { token, body: { email, role: 'scanner' } })
  const link = await until(async () => {
    const mails = await ask('GET', '/admin/mailbox?limit=20', { token })
    const mail = mails.items.find((one) => !before.includes(one.id) && one.to.includes(email) && /invited/.test(one.subject))
    return mail && (await ask('GET', `/admin/mailbox/${mail.id}`, { token })).text.match(/https?:\/\/\S+#\S+/)?.[0]
  }, 'the invitation')
  const { page, context, complaints } = await open(browser)
  await page.goto(link)
  await page.getByText(/There is an account with this address/).waitFor()
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(`${base}/invitation`)
  await page.getByText('You join as Ursula Usher.').waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Join' }).click()
  await page.waitForURL(`${base}/admin`)
  assert.deepEqual(complaints, [])
  await context.close()
})

test('an administrator finds people, ends their sessions and erases a customer', async () => {
  const { page, context, complaints } = await open(browser)
  const usher = await open(browser)
  await signIn(usher.page, email, PASSWORD)
  await usher.page.waitForURL(`${base}/admin`)
  await staff(page, process.env.AISLE_LOGIN)
  await people(page)
  await page.getByRole('button', { name: 'Everybody' }).click()
  await page.getByLabel('Name or address').fill('ursula')
  await page.keyboard.press('Enter')
  const row = page.getByRole('row').filter({ hasText: email })
  await row.getByText(/scanner of/).waitFor()
  await expectAccessible(page)
  await picture(page, 'users')
  await page.getByRole('button', { name: 'Roles of Ursula Usher' }).click()
  await expectAccessible(page)
  await picture(page, 'users-roles')
  await dialog(page).getByLabel(/^Part in/).first().selectOption('none')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await row.getByText('customer').waitFor()
  await page.getByRole('button', { name: 'End sessions: Ursula Usher' }).click()
  await dialog(page).getByRole('button', { name: 'End them' }).click()
  await row.getByText(/^no; last/).waitFor()
  await usher.page.goto(`${base}/account`)
  await usher.page.waitForURL(/\/login\?next=/)

  const name = `Ottilie ${crypto.randomUUID().slice(0, 8)}`
  const show = await someShow()
  const { order } = await buyTwo(show.id, { name, email: `buyer-${crypto.randomUUID().slice(0, 8)}@example.org` })
  await page.goto(`${base}/admin/orders`)
  await page.getByRole('button', { name: `Erase the customer ${name}` }).click()
  await expectAccessible(page)
  await dialog(page).getByLabel(/^At once/).check()
  await picture(page, 'orders-erase')
  await dialog(page).getByRole('button', { name: 'Erase' }).click()
  await page.getByRole('row').filter({ hasText: order.number }).getByText('erased', { exact: true }).waitFor()
  assert.equal(await page.getByText(name).count(), 0)
  assert.deepEqual([...complaints, ...usher.complaints], [])
  await usher.context.close()
  await context.close()
})
