// A stand-in for the server, for development and pictures only: it keeps everything in memory and forgets it at the end.
// PORT (8090), HOLD_MS (480000), BLOCKS (48) and PLAN (a file, for the arena) set it up; it serves dist/ too.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { ACCOUNT_ROUTES } from './mock-accounts.mjs'
import { LEVELS, PRODUCTIONS, VENUES, arena, playhouse, poster } from './fixtures.mjs'

const PORT = Number(process.env.PORT ?? 8090)
const HOLD_MS = Number(process.env.HOLD_MS ?? 480_000)
const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' }
const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
const money = (amount) => ({ amount, currency: 'EUR' })
const plans = { playhouse: playhouse(), arena: process.env.PLAN ? JSON.parse(readFileSync(process.env.PLAN, 'utf8')) : arena(Number(process.env.BLOCKS ?? 48)) }
const levels = (name) => LEVELS[name].some((level) => !plans[name].categories.some((one) => one.name === level[2])) ? plans[name].categories.map((one, no) => [`level-${no}`, one.name, one.name, 8900 - no * 1500]) : LEVELS[name]

// ---- the house -------------------------------------------------------------------------------------------------------
const shows = new Map()
const day = (n, hour) => { const at = new Date(); at.setDate(at.getDate() + n); at.setHours(hour, 0, 0, 0); return at.toISOString() }
PRODUCTIONS.forEach((production, no) => {
  for (let n = 0; n < production.dates; n++) {
    const venue = VENUES.find((one) => one.id === production.venue)
    const planName = production.venue === 'v2' ? 'arena' : 'playhouse'
    const guids = plans[planName].zones.flatMap((zone) => zone.rows.flatMap((row) => row.seats.map((seat) => seat.seat_guid)))
    const id = `${production.id}-s${n + 1}`
    let state = 11 * (no + 1) + n
    const next = () => (state = (state * 48271) % 2147483647) / 2147483647
    shows.set(id, {
      id, production, venue, planName, guids, place: new Map(guids.map((guid, at) => [guid, at])), seq: 1,
      letters: guids.map((_, at) => { const r = next(); return (at % 97 < 30 ? r < 0.75 : r < 0.25) ? 'b' : r > 0.985 ? 'x' : r > 0.96 ? 'h' : 'a' }),
      areas: Object.fromEntries(plans[planName].zones.flatMap((zone) => zone.areas ?? []).filter((area) => area.area_id).map((area) => [area.area_id, area.capacity - 312])),
      starts_at: day(no + n * 3, 19), state: id === 'p4-s2' ? 'paused' : 'published', availability: id === 'p3-s1' ? 'few' : id === 'p6-s1' ? 'sold_out' : 'good', sockets: new Set(), levels: levels(planName),
    })
  }
})
const holds = new Map()
const orders = new Map()
const keys = new Map()
let counter = 0
const uid = (kind) => `${kind}-${(++counter).toString(36)}-${Date.now().toString(36)}`
const priceFrom = (show) => money(Math.min(...show.levels.map((level) => level[3])))
const card = (show) => ({ id: show.id, production: { id: show.production.id, title: show.production.title, poster_url: `/api/v1/productions/${show.production.id}/poster.svg` }, venue: { id: show.venue.id, name: show.venue.name, city: show.venue.city }, time_zone: show.venue.time_zone, starts_at: show.starts_at, doors_at: new Date(Date.parse(show.starts_at) - 1_800_000).toISOString(), on_sale_at: null, sales_end_at: null, state: show.state, availability: show.availability, price_from: priceFrom(show) })
const ofProduction = (id) => [...shows.values()].filter((show) => show.production.id === id).sort((a, b) => a.starts_at.localeCompare(b.starts_at))
const productionCard = (one) => {
  const its = ofProduction(one.id)
  return { id: one.id, title: one.title, subtitle: one.subtitle, kind: one.kind, genre: one.genre, language: one.language, summary: one.summary, poster_url: `/api/v1/productions/${one.id}/poster.svg`, cities: [its[0].venue.city], venues: [{ id: its[0].venue.id, name: its[0].venue.name }], first_show_at: its[0].starts_at, next_show_at: its[0].starts_at, time_zone: its[0].venue.time_zone, show_count: its.length, price_from: priceFrom(its[0]), availability: its[0].availability }
}
const fullShow = (show) => ({
  ...card(show), currency: 'EUR', public_message: show.state === 'paused' ? 'The lift is being mended; the sale goes on at noon.' : null, plan_version: show.planName, organizer: { id: 'o', name: 'The Aisle Houses' },
  ticket_types: [{ id: 't1', key: 'adult', name: 'Adult', description: null, default: true }, { id: 't2', key: 'student', name: 'Student', description: 'With a card', default: false }],
  price_levels: show.levels.map(([key, name, category, price]) => ({ key, name, category, color: '#888888', prices: [{ ticket_type: 'adult', price: money(price) }, { ticket_type: 'student', price: money(Math.round(price * 0.6)) }] })),
  order_fees: [], presale: false, access_codes: false, limits: { seats_per_hold_max: 10, hold_ttl_s: HOLD_MS / 1000, extend_max_s: 1200, pay_within_s: 600, holds_per_buyer_max: null, places_per_buyer_max: null },
})

// ---- the feed and the holds ------------------------------------------------------------------------------------------
function change(show, seats, areas = []) {
  if (seats.length === 0 && areas.length === 0) return
  const from = show.seq++
  for (const [at, letter] of seats) show.letters[at] = letter
  for (const [area, available] of areas) show.areas[area] = available
  const frame = JSON.stringify({ t: 'delta', from, seq: show.seq, seats, areas })
  for (const socket of show.sockets) socket.send(frame)
}
const snapshot = (show) => ({ plan_version: show.planName, seq: show.seq, seats: show.letters.join(''), areas: Object.entries(show.areas).map(([area, available]) => ({ area, available })) })
const problem = (status, code, more = {}) => { throw Object.assign(new Error(code), { problem: { status, code, title: code, ...more } }) }
const view = (hold, withToken = false) => ({ id: hold.id, ...(withToken ? { token: hold.token } : {}), show_id: hold.show.id, state: hold.state, seats: hold.seats, areas: hold.areas, expires_at: hold.state === 'open' ? new Date(hold.expires).toISOString() : null, expires_in_ms: hold.state === 'open' ? hold.expires - Date.now() : null, paused: false, extendable_until: new Date(hold.until).toISOString(), pay_by: hold.state === 'paying' ? new Date(Date.now() + 600_000).toISOString() : null })
const take = (show, seats, letter) => change(show, seats.map((guid) => [show.place.get(guid), letter]))

function createHold(show, body) {
  if (show.state === 'paused') problem(409, 'sales_paused')
  let seats = body.seats ?? []
  if (body.best_available) seats = best(show, body.best_available)
  if (seats.length + (body.areas ?? []).reduce((sum, one) => sum + one.quantity, 0) > 10) problem(409, 'seat_limit_reached')
  const taken = seats.filter((guid) => show.letters[show.place.get(guid)] !== 'a')
  if (taken.length > 0) problem(409, 'seats_taken', { seats: taken })
  const hold = { id: uid('h'), token: uid('tok'), show, state: 'open', seats, areas: body.areas ?? [], expires: Date.now() + HOLD_MS, until: Date.now() + 1_200_000 }
  holds.set(hold.id, hold)
  take(show, seats, 'h')
  change(show, [], hold.areas.map((one) => [one.area, show.areas[one.area] - one.quantity]))
  return hold
}
function best(show, { quantity, price_level: level, section }) {
  const category = show.levels.find((one) => one[0] === level)?.[2]
  for (const zone of plans[show.planName].zones) {
    if (section && zone.zone_id !== section) continue
    for (const row of zone.rows) {
      const middle = Math.floor(row.seats.length / 2) - Math.floor(quantity / 2)
      for (let d = 0; d < row.seats.length; d++) {
        const at = middle + (d % 2 ? 1 : -1) * Math.ceil(d / 2)
        const run = row.seats.slice(at, at + quantity)
        if (at >= 0 && run.length === quantity && run.every((seat) => show.letters[show.place.get(seat.seat_guid)] === 'a' && (!category || seat.category === category))) return run.map((seat) => seat.seat_guid)
      }
    }
  }
  return problem(409, 'none_available')
}
function holdOf(id, token) {
  const hold = holds.get(id) ?? problem(404, 'not_found')
  if (token !== undefined && hold.token !== token) problem(403, 'hold_token_invalid')
  if (hold.state === 'lapsed') problem(410, 'hold_lapsed')
  if (hold.state === 'released' || hold.state === 'booked') problem(409, 'hold_not_open')
  return hold
}
function endHold(hold, state, letter) {
  hold.state = state
  take(hold.show, hold.seats, letter)
  const frame = JSON.stringify({ t: 'hold_ended', id: hold.id, why: state })
  for (const socket of hold.show.sockets) if (socket.hold === hold.id) socket.send(frame)
}
setInterval(() => {
  for (const hold of holds.values()) if (hold.state === 'open' && hold.expires <= Date.now()) endHold(hold, 'lapsed', 'a')
}, 500)

// ---- money -----------------------------------------------------------------------------------------------------------
function lines(list, tickets = []) {
  const result = list.flatMap(({ show, seats, areas }) => [
    ...seats.map((guid) => {
      const zone = plans[show.planName].zones.find((one) => guid.startsWith(one.zone_id))
      const row = zone.rows.find((one) => one.seats.some((seat) => seat.seat_guid === guid))
      const seat = row.seats.find((one) => one.seat_guid === guid)
      const level = show.levels.find((one) => one[2] === seat.category)
      const type = tickets.find((one) => one.seat === guid)?.ticket_type ?? 'adult'
      return { id: guid, kind: 'ticket', label: `${level[1]}, ${type}`, show_id: show.id, seat: guid, section: zone.name, row: row.row_number, number: seat.seat_number, price_level: level[0], ticket_type: type, quantity: 1, amount: money(Math.round(level[3] * (type === 'student' ? 0.6 : 1)) - 150) }
    }),
    ...areas.map((one) => ({ id: one.area, kind: 'ticket', label: `${one.area}, adult`, show_id: show.id, area: one.area, price_level: 'floor', ticket_type: 'adult', quantity: one.quantity, amount: money((show.levels[0][3] - 150) * one.quantity) })),
  ])
  const places = result.reduce((sum, line) => sum + line.quantity, 0)
  const untaxed = (line) => ({ ...line, tax: money(0) })
  return [...result, { id: 'fee', kind: 'fee', label: 'Booking fee', show_id: null, quantity: places, amount: money(150 * places) }].map(untaxed)
}
const total = (list) => money(list.reduce((sum, line) => sum + line.amount.amount, 0))
const orderView = (order, withToken = false) => ({ id: order.id, number: order.number, ...(withToken ? { token: order.token } : {}), status: order.status, customer: order.customer, total: total(order.lines), lines: order.lines, pay_by: null, pay_in_ms: order.status === 'awaiting_payment' ? 600_000 - (Date.now() - order.created) : null, payment: order.payment, refunds: order.refunds, holds: order.holds.map((hold) => ({ show_id: hold.show.id, hold_id: hold.id })), shows: order.holds.map(({ show }) => ({ id: show.id, title: show.production.title, poster_url: card(show).production.poster_url, venue: show.venue.name, city: show.venue.city, starts_at: show.starts_at, doors_at: card(show).doors_at, time_zone: show.venue.time_zone })), exchanges: [], created_at: new Date(order.created).toISOString(), confirmed_at: null })
const newPayment = () => { const id = uid('pay'); return { id, provider: 'sandbox', status: 'pending', checkout_url: `/sandbox/checkout/${id}` } }
const orderOf = (id, token) => { const order = orders.get(id) ?? problem(404, 'not_found'); if (token !== order.token) problem(403, 'order_token_invalid'); return order }

// ---- the rush --------------------------------------------------------------------------------------------------------
let rush = { state: 'none', show_id: null, title: null, buyers: 300, seconds: 60, elapsed_s: 0, requests: 0, held: 0, sold: 0, tickets_sold: 0, refused: 0, errors: 0, twice: 0, p50_ms: null, p99_ms: null, verdict: null }
function startRush() {
  if (rush.state === 'running') problem(409, 'rush_running')
  const show = shows.get('p1-s2')
  rush = { ...rush, state: 'running', show_id: show.id, title: show.production.title, elapsed_s: 0, requests: 0, held: 0, sold: 0, tickets_sold: 0, refused: 0, twice: 0, p50_ms: 4, p99_ms: 19, verdict: null }
  const began = Date.now()
  const timer = setInterval(() => {
    rush.elapsed_s = Math.round((Date.now() - began) / 1000)
    for (let n = 0; n < 6; n++) {
      const free = show.letters.flatMap((letter, at) => (letter === 'a' ? [at] : []))
      rush.requests += 9
      rush.refused += 3
      if (free.length === 0) continue
      const at = free[Math.floor(Math.random() * free.length)]
      rush.held++; rush.sold++; rush.tickets_sold += 2
      change(show, [[at, 'h']])
      setTimeout(() => change(show, [[at, 'b']]), 900)
    }
    if (rush.elapsed_s >= 20) {
      clearInterval(timer)
      rush = { ...rush, state: 'done', verdict: `No seat was sold twice: ${rush.tickets_sold} tickets, every one of them for a seat of its own.` }
    }
  }, 250)
  return rush
}

// ---- HTTP ------------------------------------------------------------------------------------------------------------
const mails = []
const routes = [
  ['GET', '/site', () => ({ name: 'The Aisle Houses', demo: process.env.DEMO !== '0', currency: 'EUR', locale: 'en', providers: ['sandbox'], mail: 'mailbox', setup_needed: false, server_time: new Date().toISOString() })],
  ['GET', '/productions', ({ params }) => {
    const items = PRODUCTIONS.map(productionCard).filter((one) => (!params.get('q') || one.title.toLowerCase().includes(params.get('q').toLowerCase())) && (!params.get('kind') || one.kind === params.get('kind')) && (!params.get('city') || one.cities.includes(params.get('city'))) && (!params.get('venue') || one.venues[0].id === params.get('venue')) && (!params.get('from') || ofProduction(one.id).some((show) => show.starts_at >= params.get('from') && show.starts_at < params.get('to'))))
    const count = (of) => Object.entries(items.reduce((sum, one) => ({ ...sum, [of(one)]: (sum[of(one)] ?? 0) + 1 }), {})).map(([value, n]) => ({ value, count: n }))
    return { items, next: null, facets: { kind: count((one) => one.kind), city: count((one) => one.cities[0]), venue: count((one) => one.venues[0].id).map((one) => ({ ...one, label: VENUES.find((venue) => venue.id === one.value).name })) } }
  }],
  ['GET', '/productions/:id', ({ id }) => { const one = PRODUCTIONS.find((it) => it.id === id) ?? problem(404, 'not_found'); return { ...productionCard(one), description: `${one.summary}\n\nThe evening has no interval. Latecomers are let in between the second and the third scene, quietly, by the door on the left.`, duration_min: 95, age_min: 12, credits: [{ role: 'Direction', name: 'M. Ahlgren' }, { role: 'Text', name: 'J. Oduya' }, { role: 'Stage', name: 'Studio Nord' }, { role: 'Light', name: 'P. Varga' }], organizer: { id: 'o', name: 'The Aisle Houses' }, shows: ofProduction(id).map(card) } }],
  ['GET', '/shows', ({ params }) => ({ items: [...shows.values()].filter((show) => show.starts_at >= (params.get('from') ?? '') && show.starts_at < (params.get('to') ?? '9')).map(card), next: null })],
  ['GET', '/venues', () => ({ items: VENUES, next: null })],
  ['GET', '/shows/:id', ({ id }) => fullShow(shows.get(id) ?? problem(404, 'not_found'))],
  ['GET', '/shows/:id/plan', ({ id }) => plans[shows.get(id).planName]],
  ['GET', '/shows/:id/seats', ({ id }) => snapshot(shows.get(id))],
  ['POST', '/shows/:id/holds', ({ id, body }) => [201, { hold: view(createHold(shows.get(id), body), true) }]],
  ['GET', '/shows/:id/holds/:hold', ({ hold, holdToken }) => ({ hold: view(holdOf(hold, holdToken)) })],
  ['PATCH', '/shows/:id/holds/:hold', ({ hold: holdId, holdToken, body }) => {
    const hold = holdOf(holdId, holdToken)
    const taken = body.add.filter((guid) => hold.show.letters[hold.show.place.get(guid)] !== 'a')
    if (taken.length > 0) problem(409, 'seats_taken', { seats: taken })
    take(hold.show, body.remove, 'a'); take(hold.show, body.add, 'h')
    hold.seats = [...hold.seats.filter((guid) => !body.remove.includes(guid)), ...body.add]
    for (const one of body.areas ?? []) hold.areas = [...hold.areas.filter((other) => other.area !== one.area), ...(one.quantity > 0 ? [one] : [])]
    return { hold: view(hold) }
  }],
  ['POST', '/shows/:id/holds/:hold/extend', ({ hold: id, holdToken }) => { const hold = holdOf(id, holdToken); hold.expires = Math.min(hold.until, Date.now() + HOLD_MS); return { hold: view(hold) } }],
  ['DELETE', '/shows/:id/holds/:hold', ({ hold: id, holdToken }) => { const hold = holdOf(id, holdToken); endHold(hold, 'released', 'a'); return [204] }],
  ['GET', '/shows/:id/payment-methods', () => ({ items: [{ provider: 'sandbox', method: 'card', kind: 'authorise_then_capture' }] })],
  ['POST', '/quotes', ({ body }) => { const list = lines(body.holds.map((one) => holdOf(one.hold_id, one.token)), body.tickets); const sum = (kind) => total(list.filter((line) => line.kind === kind)); return { lines: list, tickets: sum('ticket'), discount: sum('discount'), fees: sum('fee'), taxes: [], total: total(list), currency: 'EUR', ...(body.promo_code ? { promo: { code: body.promo_code, applies: false, reason: 'unknown', detail: 'There is no such promo code.' } } : {}) } }],
  ['POST', '/orders', ({ body }) => {
    const its = body.holds.map((one) => holdOf(one.hold_id, one.token))
    if (its.some((hold) => hold.state !== 'open')) problem(409, 'hold_not_open')
    const order = { id: uid('o'), number: `A-${(counter * 7919).toString(36).toUpperCase().padStart(6, '7')}`, token: uid('ot'), status: 'awaiting_payment', customer: body.customer, lines: lines(its, body.tickets), holds: its, payment: newPayment(), refunds: [], created: Date.now() }
    for (const hold of its) hold.state = 'paying'
    orders.set(order.id, order)
    return [201, { order: orderView(order, true), payment: order.payment }]
  }],
  ['GET', '/orders/:id', ({ id, orderToken }) => ({ order: orderView(orderOf(id, orderToken)) })],
  ['POST', '/orders/:id/payments', ({ id, orderToken }) => { const order = orderOf(id, orderToken); order.payment = newPayment(); return [201, { order: orderView(order), payment: order.payment }] }],
  ['POST', '/orders/:id/reopen', ({ id, orderToken }) => { const order = orderOf(id, orderToken); order.status = 'cancelled'; for (const hold of order.holds) { hold.state = 'open'; hold.expires = Date.now() + HOLD_MS } return { order: orderView(order), holds: order.holds.map((hold) => view(hold)) } }],
  ['POST', '/orders/:id/cancel', ({ id, orderToken }) => { const order = orderOf(id, orderToken); order.status = 'refunding'; order.refunds = [{ id: 'r', amount: total(order.lines), status: 'pending', reason: null, created_at: new Date().toISOString() }]; setTimeout(() => { order.status = 'refunded'; order.refunds[0].status = 'succeeded'; for (const hold of order.holds) take(hold.show, hold.seats, 'a') }, 2500); return { order: orderView(order) } }],
  ['POST', '/orders/lookup', () => [202]], ['POST', '/orders/:id/revoke-links', () => [204]], ['POST', '/me/orders/claim', ({ body }) => ({ order: orderView(orders.get(body.order_id)) })],
  ['GET', '/me/orders', () => ({ items: [...orders.values()].map((order) => { const view = orderView(order); return { ...view, organizer: 'The Aisle Houses', places: view.lines.filter((line) => line.kind === 'ticket').map((line) => ({ show_id: line.show_id, label: line.label, quantity: line.quantity })), cancellable: order.status === 'confirmed' } }), next: null })],
  ['GET', '/orders/:id/tickets', ({ id, orderToken }) => { const order = orderOf(id, orderToken); return { items: order.status === 'confirmed' ? order.lines.filter((line) => line.kind === 'ticket').map((line, no) => ({ id: `${order.id}-${no}`, seat: line.seat ?? null, area: line.area ?? null, section: line.section ?? null, row: line.row ?? null, number: line.number ?? null, ticket_type: line.ticket_type, price_level: line.price_level, code: `AISLE-${order.number.slice(2)}-${no + 1}`, status: 'valid', pdf_url: '#', svg_url: '/favicon.svg', show_id: line.show_id, passed_on: false })) : [] } }],
  ['GET', '/demo/rush', () => rush], ['POST', '/demo/rush', () => [202, startRush()]],
  ['POST', '/setup', ({ body }) => [201, { user: { id: 'u', ...body.administrator, role: 'admin' } }]],
  ['POST', '/auth/logout', () => [204]],
  ...ACCOUNT_ROUTES,
  ['GET', '/admin/mailbox', () => ({ items: mails, next: null })], ['GET', '/admin/mailbox/:id', ({ id }) => ({ ...mails.find((mail) => mail.id === id), text: 'Your tickets.', html: '<h1>Your tickets</h1><p>See you there.</p>' })],
  ['GET', '/admin/orders', () => ({ items: [...orders.values()].map((order) => orderView(order)), next: null })],
  ['GET', '/admin/shows', () => ({ items: [...shows.values()].map((show) => ({ ...card(show), counts: { available: show.letters.filter((letter) => letter === 'a').length, held: show.letters.filter((letter) => letter === 'h').length, booked: show.letters.filter((letter) => letter === 'b').length, blocked: show.letters.filter((letter) => letter === 'x').length } })), next: null })],
].map(([method, path, answer]) => ({ method, pattern: new RegExp(`^/api/v1${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), answer }))

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock')
  const send = (status, type, body, headers = {}) => { response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': CSP, ...headers }); response.end(body) }
  const posted = url.pathname.match(/^\/api\/v1\/productions\/(\w+)\/poster\.svg$/)
  if (posted) { const no = PRODUCTIONS.findIndex((one) => one.id === posted[1]); return send(200, 'image/svg+xml', poster(PRODUCTIONS[no], no)) }
  if (url.pathname.startsWith('/sandbox/checkout/')) return sandbox(url.pathname.split('/').at(-1), request, send)
  if (url.pathname.startsWith('/api/')) {
    let text = ''
    for await (const chunk of request) text += chunk
    try {
      const found = routes.find((route) => route.method === request.method && route.pattern.test(url.pathname)) ?? problem(404, 'not_found')
      const key = request.headers['idempotency-key']
      const kept = request.method === 'POST' && key ? keys.get(key + url.pathname) : undefined
      const answer = kept ?? found.answer({ ...url.pathname.match(found.pattern).groups, params: url.searchParams, body: text ? JSON.parse(text) : undefined, holdToken: request.headers['aisle-hold-token'], orderToken: request.headers['aisle-order-token'] })
      if (key) keys.set(key + url.pathname, answer)
      const [status, body] = Array.isArray(answer) ? answer : [200, answer]
      return send(status, 'application/json', body === undefined ? undefined : JSON.stringify(body))
    } catch (error) {
      return send(error.problem?.status ?? 500, 'application/problem+json', JSON.stringify(error.problem ?? { status: 500, code: 'busy', detail: String(error) }))
    }
  }
  const path = normalize(join(DIST, url.pathname))
  try {
    if (!path.startsWith(DIST) || path === DIST) throw new Error('the page itself')
    return send(200, TYPES[extname(path)] ?? 'application/octet-stream', await readFile(path))
  } catch {
    return send(200, TYPES['.html'], await readFile(join(DIST, 'index.html')))
  }
})

async function sandbox(payment, request, send) {
  const order = [...orders.values()].find((one) => one.payment.id === payment)
  if (!order) return send(404, 'text/plain', 'no such payment')
  if (request.method === 'GET') return send(200, 'text/html', `<h1>Sandbox</h1><form method="post">${['succeed', 'decline', 'abandon'].map((outcome) => `<button name="outcome" value="${outcome}">${outcome}</button>`).join('')}</form>`)
  let text = ''
  for await (const chunk of request) text += chunk
  const outcome = new URLSearchParams(text).get('outcome')
  if (outcome === 'succeed') {
    order.payment.status = 'captured'; order.status = 'paid'
    for (const hold of order.holds) endHold(hold, 'booked', 'b')
    setTimeout(() => { order.status = 'confirmed'; mails.unshift({ id: uid('m'), to: order.customer.email, subject: `Your tickets, order ${order.number}`, created_at: new Date().toISOString(), status: 'kept', attachments: [{ name: 'tickets.pdf', content_type: 'application/pdf', bytes: 40_321, url: '#' }] }) }, 1200)
  }
  if (outcome === 'decline') order.payment.status = 'declined'
  return send(303, 'text/plain', '', { Location: `/orders/${order.id}` })
}

const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  const show = shows.get(new URL(request.url, 'http://mock').pathname.match(/\/shows\/([^/]+)\/live$/)?.[1])
  if (!show) return socket.destroy()
  sockets.handleUpgrade(request, socket, head, (ws) => {
    show.sockets.add(ws)
    ws.send(JSON.stringify({ t: 'snapshot', ...snapshot(show), server_time: new Date().toISOString() }))
    ws.on('message', (data) => { const { id } = JSON.parse(String(data)); ws.hold = id; const hold = holds.get(id); if (hold && (hold.state === 'open' || hold.state === 'paying')) ws.send(JSON.stringify({ t: 'hold', hold: view(hold) })) })
    ws.on('close', () => show.sockets.delete(ws))
  })
})
server.listen(PORT, '127.0.0.1', () => console.log(`mock house at http://127.0.0.1:${PORT}`))
