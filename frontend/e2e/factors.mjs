// A second step is set up and asked for; a passkey of a virtual authenticator is added, signs in by itself, and is removed.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { base, expectAccessible, launch, leave, open, signIn } from './kit.mjs'

const browser = await launch()
test.after(() => browser.close())

/** Passkeys are bound to a name, and 127.0.0.1 has none. */
const named = base.replace('127.0.0.1', 'localhost')
/** The demo's own people; what a test adds to their account it takes away again. */
const SELLER = 'box-office@aisle.example'
const MANAGER = 'organizer@aisle.example'
const STAFF_PASSWORD = process.env.AISLE_DEMO_PASSWORD ?? ''
async function staff(page, email, at = base) {
  await signIn(page, email, STAFF_PASSWORD, at)
  await page.waitForURL(`${at}/admin`)
  await page.goto(`${at}/account/security`)
}

/** The code that an authenticator app would show now (RFC 6238). */
function totp(secret, at = Date.now()) {
  const bits = [...secret.replaceAll(/[\s=]/g, '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const digest = createHmac('sha1', key).update(step).digest()
  const from = digest[19] & 15
  return String((digest.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

test('a second step is set up and asked for, a recovery code stands in for it once, and it is turned off', async () => {
  const { page, context, complaints } = await open(browser)
  await staff(page, SELLER)
  const part = page.getByRole('region', { name: 'Second step' })
  await part.getByLabel('Your password, once more').fill(STAFF_PASSWORD)
  await part.getByRole('button', { name: 'Set up' }).click()
  await part.getByRole('img').waitFor()
  const secret = await part.locator('code').innerText()
  await part.getByLabel('The code that the app shows now').fill(totp(secret))
  await part.getByRole('button', { name: 'Turn it on' }).click()
  await part.getByRole('listitem').first().waitFor()
  const [code, other] = await part.getByRole('listitem').allInnerTexts()
  await part.getByRole('button', { name: 'I have kept them' }).click()
  await leave(page)
  await signIn(page, SELLER, STAFF_PASSWORD)
  await page.getByRole('heading', { name: 'One more step' }).waitFor()
  await expectAccessible(page)
  await page.getByLabel('Code from your app').fill('000000')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByRole('button', { name: 'Recovery code' }).click()
  await page.getByLabel('Recovery code').fill(code)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.waitForURL(`${base}/admin`)
  await leave(page)
  await signIn(page, SELLER, STAFF_PASSWORD)
  await page.getByRole('button', { name: 'Recovery code' }).click()
  await page.getByLabel('Recovery code').fill(code)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Recovery code').fill(other)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.waitForURL(`${base}/admin`)
  await page.goto(`${base}/account/security`)
  await part.getByRole('button', { name: 'Turn it off' }).click()
  const asked = page.getByRole('dialog')
  await asked.getByLabel('Your password, once more').fill(STAFF_PASSWORD)
  await asked.getByLabel('A code from the app').fill(totp(secret, Date.now() + 30_000))
  await asked.getByRole('button', { name: 'Turn it off' }).click()
  await part.getByText('The second step is off.').waitFor()
  await leave(page)
  await signIn(page, SELLER, STAFF_PASSWORD)
  await page.waitForURL(`${base}/admin`)
  assert.deepEqual(complaints, [])
  await context.close()
})

test('a passkey is added, signs in by itself, and is removed', async () => {
  const { page, context, complaints } = await open(browser)
  const device = await context.newCDPSession(page)
  await device.send('WebAuthn.enable')
  await device.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } })
  await staff(page, MANAGER, named)
  const part = page.getByRole('region', { name: 'Passkeys' })
  await part.getByLabel('What to call it').fill('Phone')
  await part.getByLabel('Your password, once more').fill(STAFF_PASSWORD)
  await part.getByRole('button', { name: 'Add a passkey' }).click()
  await part.getByText('Phone', { exact: true }).waitFor()
  await leave(page)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.waitForURL(`${named}/admin`)
  await page.goto(`${named}/account/security`)
  await part.getByRole('button', { name: 'Remove: Phone' }).click()
  await page.getByRole('dialog').getByLabel('Your password, once more').fill(STAFF_PASSWORD)
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await part.getByText('None yet.').waitFor()
  // The device still has it; the house doesn't know it any more.
  await leave(page)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('alert').waitFor()
  assert.deepEqual(complaints, [])
  await context.close()
})
