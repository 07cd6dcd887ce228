// Before anything is paid, a visitor's browser talks to us alone: every public page is opened and every request is looked at. The same
// windows fail on whatever the content security policy forbids.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { NARROW, WIDE, ask, base, launch, open, someShow } from './kit.mjs'

const browser = await launch()
test.after(() => browser.close())

/** Pages of who is signed in: they lead strangers to the door. */
const PRIVATE = /^\/(admin|account)(\/|$)/
const show = await someShow()
const PLACES = {
  '/': ['/', '/?q=zebra'], '/productions/:id': [`/productions/${show.production.id}`], '/shows/:id': [`/shows/${show.id}`], '/shows/:id/checkout': [`/shows/${show.id}/checkout`],
  '/orders/:id': ['/orders/00000000-0000-7000-8000-000000000000'], '/find-order': ['/find-order'], '/rush': ['/rush'], '/setup': ['/setup#t=x'], '/login': ['/login', '/login?next=/account'], '/register': ['/register'],
  '/verify-email': ['/verify-email#t=x'], '/invitation': ['/invitation#t=x'], '/forgot-password': ['/forgot-password'], '/reset-password': ['/reset-password#t=x'],
}
const routes = [...readFileSync(new URL('../src/App.tsx', import.meta.url), 'utf8').matchAll(/<Route path="([^"]+)"/g)].map((match) => match[1])

test('every public page is looked at', () => {
  assert.ok(routes.length > 10)
  assert.deepEqual(routes.filter((route) => !PRIVATE.test(route)).sort(), Object.keys(PLACES).sort())
})

for (const [name, size] of [['wide', WIDE], ['narrow', NARROW]]) {
  test(`no public page asks anybody else for anything: ${name}`, async () => {
    const { page, context, complaints, requests } = await open(browser, size)
    for (const place of [...Object.values(PLACES).flat(), '/nowhere', '/admin', '/account']) {
      const before = requests.length
      // A page that differs only after # would not be loaded anew.
      await page.goto('about:blank')
      await page.goto(base + place, { waitUntil: 'networkidle' })
      assert.notEqual((await page.locator('#main').innerText()).trim(), '', `${place} says something`)
      await page.evaluate(() => document.fonts.ready.then(() => undefined))
      assert.ok(requests.length > before, `${place} was loaded`)
      assert.deepEqual(complaints, [], place)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${place} scrolls sideways`)
    }
    await context.close()
  })
}

test('the fonts are our own', async () => {
  const { page, context, complaints, requests } = await open(browser)
  await page.goto(base)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
  const [loaded, family] = await page.evaluate(() => [[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family.replaceAll('"', '')), getComputedStyle(document.body).fontFamily])
  assert.ok(loaded.includes('Archivo Variable'), String(loaded))
  assert.match(family, /^"?Archivo Variable/)
  const fonts = requests.filter((address) => address.endsWith('.woff2'))
  assert.ok(fonts.length > 0)
  assert.deepEqual(fonts.filter((address) => !address.startsWith(`${base}/assets/`)), [])
  assert.deepEqual(complaints, [])
  await context.close()
})

test('nothing is kept in a stranger’s browser but the language', async () => {
  const { page, context } = await open(browser)
  for (const place of ['/', `/productions/${show.production.id}`, '/login', '/register']) {
    await page.goto(base + place)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
  }
  assert.deepEqual(await context.cookies(), [])
  assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)]), [[], []])
  await context.close()
})

test('the watch sees a foreign host and what the policy forbids', async () => {
  const { page, context, complaints } = await open(browser)
  await page.goto(base)
  await page.evaluate(() => { document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' })) })
  await page.evaluate(() => fetch('http://elsewhere.invalid/beacon').catch(() => undefined))
  assert.equal(await page.evaluate(() => 'ran' in window), false, 'an inline script does not run')
  assert.ok(complaints.some((one) => one.includes('content security policy: script-src')), complaints.join('\n'))
  assert.ok(complaints.some((one) => one.includes('elsewhere.invalid')), complaints.join('\n'))
  await context.close()
})

test('the site answers strangers without asking who they are', async () => {
  const { page, context, requests } = await open(browser)
  await page.goto(base)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  assert.deepEqual(requests.filter((address) => /\/api\/v1\/(me|auth)/.test(address)), [])
  assert.equal((await ask('GET', '/site')).demo, true)
  await context.close()
})
