// Pictures of the page at 390 and 1440: node dev/shots.mjs OUT [name …]. Needs the mock (or a server) at BASE and Debian's chromium.
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { SCENES } from './scenes.mjs'

const [out = '/tmp/shots', ...wanted] = process.argv.slice(2)
const BASE = process.env.BASE ?? 'http://127.0.0.1:8090'
mkdirSync(out, { recursive: true })
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
const sizes = [{ name: '390', width: 390, height: 844, touch: true }, { name: '1440', width: 1440, height: 900, touch: false }]
for (const size of sizes) {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const context = await browser.newContext({ viewport: { width: size.width, height: size.height }, hasTouch: size.touch, isMobile: size.touch, deviceScaleFactor: 1, locale: 'en-GB' })
    const page = await context.newPage()
    page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') console.log(`[${name} ${size.name}]`, message.text()) })
    page.on('pageerror', (error) => console.log(`[${name} ${size.name}]`, String(error)))
    try {
      const whole = await scene(page, BASE, size)
      await page.waitForTimeout(500)
      // Pictures below the fold load when they come near.
      if (whole !== false) await page.evaluate(async () => { for (let y = 0; y < document.body.scrollHeight; y += 500) { window.scrollTo(0, y); await new Promise((done) => window.setTimeout(done, 60)) } window.scrollTo(0, 0) })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
      if (wide) console.log(`[${name} ${size.name}] scrolls sideways`)
      await page.screenshot({ path: `${out}/${name}-${size.name}.png`, fullPage: whole !== false })
    } catch (error) {
      console.log(`[${name} ${size.name}]`, String(error).slice(0, 400))
      await page.screenshot({ path: `${out}/${name}-${size.name}-failed.png` })
    }
    await context.close()
  }
}
await browser.close()
