// What the pictures show. A scene that gives back false is photographed as the window shows it, the others whole.
const settle = (page) => page.waitForLoadState('networkidle')
const map = async (page) => { await page.waitForSelector('canvas'); await page.waitForTimeout(700); return false }

async function holdTwo(page, base, show = 'p1-s2') {
  await page.goto(`${base}/shows/${show}`)
  await page.waitForSelector('canvas')
  await page.getByRole('button', { name: 'Pick for me' }).click()
  await page.getByRole('button', { name: /Find the best/ }).click()
  await page.getByRole('link', { name: 'Check out' }).waitFor()
}
async function toCheckout(page, base) {
  await holdTwo(page, base)
  await page.getByRole('link', { name: 'Check out' }).click()
  await page.getByLabel('Name').fill('Ada Example')
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByRole('button', { name: /^Pay/ }).waitFor()
}
async function pay(page, base, outcome) {
  await toCheckout(page, base)
  await page.getByRole('button', { name: /^Pay/ }).click()
  await page.getByRole('button', { name: outcome }).click()
}

async function signIn(page, base, password = 'any') {
  await page.goto(`${base}/login`)
  await page.getByLabel('E-mail').fill('ada@example.org')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await settle(page)
}

export const SCENES = {
  home: async (page, base) => { await page.goto(base); await settle(page) },
  empty: async (page, base) => { await page.goto(`${base}/?q=zebra`); await settle(page) },
  production: async (page, base) => { await page.goto(`${base}/productions/p1`); await settle(page) },
  map: async (page, base) => { await page.goto(`${base}/shows/p1-s2`); return map(page) },
  held: async (page, base) => { await holdTwo(page, base); return map(page) },
  list: async (page, base) => { await page.goto(`${base}/shows/p1-s2`); await page.getByRole('button', { name: 'List', exact: true }).click(); await page.getByRole('button', { name: /Stalls/ }).first().click(); return map(page).catch(() => false) },
  arena: async (page, base) => { await page.goto(`${base}/shows/p2-s1`); return map(page) },
  paused: async (page, base) => { await page.goto(`${base}/shows/p4-s2`); return map(page) },
  checkout: async (page, base) => { await toCheckout(page, base); await settle(page) },
  declined: async (page, base) => { await pay(page, base, 'decline'); await settle(page) },
  order: async (page, base) => { await pay(page, base, 'succeed'); await page.getByText('See you there').waitFor(); await settle(page) },
  missing: async (page, base) => { await page.goto(`${base}/nowhere`); await settle(page) },
  find: async (page, base) => { await page.goto(`${base}/find-order`); await settle(page) },
  rush: async (page, base) => { await page.goto(`${base}/rush`); await page.getByRole('button', { name: 'Start a rush' }).click(); await page.waitForTimeout(4000); return false },
  setup: async (page, base) => { await page.goto(`${base}/setup#abc`); await settle(page) },
  login: async (page, base) => { await page.goto(`${base}/login`); await settle(page) },
  register: async (page, base) => { await page.goto(`${base}/register`); await settle(page) },
  sent: async (page, base) => { await page.goto(`${base}/forgot-password#ada@example.org`); await page.getByRole('button', { name: 'Send the link' }).click(); await settle(page) },
  verify: async (page, base) => { await page.goto(`${base}/verify-email#t=abc`); await settle(page) },
  invitation: async (page, base) => { await page.goto(`${base}/invitation#t=make_account`); await settle(page) },
  reset: async (page, base) => { await page.goto(`${base}/reset-password#t=abc`); await settle(page) },
  second: async (page, base) => { await signIn(page, base, 'second') },
  account: async (page, base) => { await signIn(page, base); await page.goto(`${base}/account`); await page.getByRole('button', { name: 'Account' }).click(); await settle(page) },
  security: async (page, base) => { await page.goto(`${base}/account/security`); await settle(page) },
  enrol: async (page, base) => { await page.goto(`${base}/account/security`); await page.locator('section').filter({ hasText: 'Second step' }).getByLabel('Your password, once more').first().fill('any'); await page.getByRole('button', { name: 'Set up' }).click(); await page.getByText('Scan this').waitFor() },
  codes: async (page, base) => { await page.goto(`${base}/account/security`); await page.locator('section').filter({ hasText: 'Second step' }).getByLabel('Your password, once more').first().fill('any'); await page.getByRole('button', { name: 'Set up' }).click(); await page.getByLabel('The code that the app').fill('123456'); await page.getByRole('button', { name: 'Turn it on' }).click(); await page.getByText('I have kept them').waitFor() },
  myorders: async (page, base) => { await page.goto(`${base}/account/orders`); await settle(page) },
  mydata: async (page, base) => { await page.goto(`${base}/account/data`); await page.getByRole('button', { name: /Delete the account/ }).click(); await settle(page); return false },
  people: async (page, base) => { await page.goto(`${base}/admin/people`); await settle(page) },
  users: async (page, base) => { await page.goto(`${base}/admin/people`); await page.getByRole('button', { name: 'Everybody' }).click(); await settle(page) },
  machines: async (page, base) => { await page.goto(`${base}/admin/machines`); await page.getByLabel('Name').fill('Shop'); await page.getByLabel(/^Hold/).check(); await page.getByRole('button', { name: 'Make the key' }).click(); await settle(page) },
  records: async (page, base) => { await page.goto(`${base}/admin/records`); await settle(page) },
  securityevents: async (page, base) => { await page.goto(`${base}/admin/records`); await page.getByRole('button', { name: 'Security' }).click(); await settle(page) },
  admin: async (page, base) => { await page.goto(`${base}/admin`); await settle(page) },
  mailbox: async (page, base) => { await page.goto(`${base}/admin/mailbox`); await settle(page) },
}
