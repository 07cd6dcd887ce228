import { describe, expect, it } from 'vitest'
import { between, fit, keepInSight, scene, screen, toScene, toScreen, visible, zoomAt } from './geometry'
import { SeatGrid } from './grid'
import { bands } from './palette'
import { areasOf, contains, readPlan, sectionOf } from './plan'
import type { PlanJson } from './plan-json'

const json: PlanJson = {
  name: 'Small house',
  categories: [{ name: 'Best' }, { name: 'Rest' }],
  zones: [
    {
      name: 'Stalls', zone_id: 'stalls', position: { x: 100, y: 0 },
      rows: [
        { row_number: 'A', row_number_position: 'both', position: { x: 0, y: 50 }, seats: [
          { seat_guid: 'A-1', seat_number: '1', position: { x: 0, y: 0 }, category: 'Best', accessible: true },
          { seat_guid: 'A-2', seat_number: '2', position: { x: 20, y: 0 }, category: 'Best' },
        ] },
        { row_number: 'B', position: { x: 0, y: 80 }, seats: [{ seat_guid: 'B-1', seat_number: '1', position: { x: 0, y: 0 }, category: 'Rest' }] },
      ],
      areas: [],
    },
    { name: 'Floor', zone_id: 'floor', areas: [
      { shape: 'rectangle', position: { x: 0, y: 200 }, rectangle: { width: 50, height: 30 }, area_id: 'floor', capacity: 300, category: 'Rest', text: { text: 'Floor' } },
      { shape: 'circle', position: { x: 300, y: 300 }, circle: { radius: 10 } },
      { shape: 'polygon', position: { x: 0, y: 0 }, polygon: { points: [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 0, y: 10 }] } },
    ] },
  ],
}

describe('a plan', () => {
  const plan = readPlan(json)

  it('counts seats in the order of zones, rows and seats', () => {
    expect(plan.guid).toEqual(['A-1', 'A-2', 'B-1'])
    expect(plan.placeOf.get('B-1')).toBe(2)
    expect([plan.x[1], plan.y[1]]).toEqual([120, 50])
    expect(plan.rows.map((row) => [row.label, row.first, row.end])).toEqual([['A', 0, 2], ['B', 2, 3]])
    expect(sectionOf(plan, 2)?.id).toBe('stalls')
    expect([...plan.accessible]).toEqual([1, 0, 0])
    expect(plan.pitch).toBe(20)
  })

  it('knows its general-admission areas and what lies in them', () => {
    expect(areasOf(plan)).toEqual([{ id: 'floor', name: 'Floor', capacity: 300, category: 1 }])
    const [floor, circle, triangle] = plan.shapes
    expect(floor && contains(floor, scene(50, 230))).toBe(true)
    expect(floor && contains(floor, scene(51, 230))).toBe(false)
    expect(circle && contains(circle, scene(309, 300))).toBe(true)
    expect(circle && contains(circle, scene(309, 309))).toBe(false)
    expect(triangle && contains(triangle, scene(2, 2))).toBe(true)
    expect(triangle && contains(triangle, scene(9, 9))).toBe(false)
  })

  it('finds the middle of a polygon wherever its points are counted from', () => {
    const far = readPlan({ categories: [], zones: [{ areas: [{ shape: 'polygon', polygon: { points: [{ x: 500, y: 500 }, { x: 600, y: 500 }, { x: 550, y: 560 }] } }] }] })
    expect(far.bounds.left).toBeGreaterThan(400)
  })

  it('survives a plan without seats', () => {
    expect(readPlan({ categories: [], zones: [] }).seatCount).toBe(0)
  })
})

describe('the grid', () => {
  it('finds what a slow search finds', () => {
    // A small multiplicative generator: the same numbers every time.
    let seed = 7
    const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647
    const x = Float32Array.from({ length: 2000 }, () => next() * 900)
    const y = Float32Array.from({ length: 2000 }, () => next() * 400)
    const grid = new SeatGrid(x, y, { left: 0, top: 0, right: 900, bottom: 400 })
    for (let round = 0; round < 200; round++) {
      const [px, py, reach] = [next() * 1000 - 50, next() * 500 - 50, next() * 40]
      let best = reach
      for (let place = 0; place < x.length; place++) best = Math.min(best, Math.hypot((x[place] ?? 0) - px, (y[place] ?? 0) - py))
      const found = grid.nearest(px, py, reach)
      if (best === reach) expect(found).toBeNull()
      else expect(Math.hypot((x[found ?? 0] ?? 0) - px, (y[found ?? 0] ?? 0) - py)).toBeCloseTo(best, 3)
    }
  })

  it('visits every seat once when asked for all', () => {
    const x = Float32Array.from({ length: 500 }, (_, n) => n % 25)
    const y = Float32Array.from({ length: 500 }, (_, n) => Math.floor(n / 25))
    const seen = new Set<number>()
    let visits = 0
    new SeatGrid(x, y, { left: 0, top: 0, right: 24, bottom: 19 }).within({ left: -1, top: -1, right: 99, bottom: 99 }, (place) => { seen.add(place); visits++ })
    expect([seen.size, visits]).toEqual([500, 500])
  })
})

describe('the view', () => {
  const size = { width: 400, height: 300 }
  const plan = { left: 0, top: 0, right: 1000, bottom: 1000 }

  it('keeps the point under the finger while zooming', () => {
    const view = fit(plan, size, { top: 0, right: 0, bottom: 0, left: 0 })
    const at = screen(123, 45)
    const under = toScene(view, at)
    const nearer = zoomAt(view, at, 3, { min: 0.01, max: 10 })
    expect(toScreen(nearer, under).x).toBeCloseTo(123)
    expect(toScreen(nearer, under).y).toBeCloseTo(45)
    expect(zoomAt(view, at, 1e9, { min: 0.01, max: 10 }).scale).toBe(10)
  })

  it('shows all of the plan when fitted', () => {
    const shown = visible(fit(plan, size, { top: 20, right: 0, bottom: 0, left: 0 }), size)
    expect(shown.left).toBeLessThanOrEqual(0)
    expect(shown.bottom).toBeGreaterThanOrEqual(999.99)
  })

  it('never loses the plan', () => {
    const lost = keepInSight({ scale: 1, dx: 1e6, dy: -1e6 }, plan, size)
    const shown = visible(lost, size)
    expect(shown.left).toBeLessThan(plan.right)
    expect(shown.right).toBeGreaterThan(plan.left)
    expect(shown.top).toBeLessThan(plan.bottom)
  })

  it('begins and ends a movement where it should', () => {
    const a = { scale: 1, dx: 5, dy: 5 }
    const b = { scale: 4, dx: -100, dy: 30 }
    expect(between(a, b, 0)).toEqual(a)
    expect(between(a, b, 1).dx).toBeCloseTo(-100)
    expect(between(a, { ...a, dx: 15 }, 0.5).dx).toBeCloseTo(10)
  })
})

it('names price levels from the dearest down, and never gives two of them one colour', () => {
  const levels = [3, 9, 5, 1].map((amount) => ({ key: `k${amount}`, name: '', category: '', color: '', prices: [{ ticket_type: 'adult', price: { amount, currency: 'EUR' } }] }))
  const named = bands(levels, 'adult')
  expect(named.map((band) => band.key + band.letter)).toEqual(['k9A', 'k5B', 'k3C', 'k1D'])
  expect(new Set(named.map((band) => band.color)).size).toBe(4)
  for (let count = 1; count <= 8; count++) {
    const many = bands(Array.from({ length: count }, (_, n) => ({ ...(levels[0] as (typeof levels)[number]), key: String(n) })), 'adult')
    expect(new Set(many.map((band) => band.color)).size).toBe(count)
  }
})
