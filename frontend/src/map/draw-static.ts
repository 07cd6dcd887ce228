/** The layer that changes when the view, the plan or the seats' states change: shapes, sections from afar, seats, row letters. */
import { AVAILABLE, BLOCKED, BOOKED, HELD, type SeatStore } from '../live/seats'
import { toScreen, visible, type Size, type View } from './geometry'
import type { SeatGrid } from './grid'
import { FAINT, HAZE, HOUSE_2, HOUSE_3, INK, PLASTER } from './palette'
import { shapeBounds, type Plan, type Shape } from './plan'
import { shapePath, seatPath, type Outline } from './outline'

/** Seats drawn smaller than this radius tell nothing; on a large plan sections stand in for them. */
export const SECTION_RADIUS_PX = 2.1
export const LARGE_PLAN_SEATS = 3_000
const SQUARE_BELOW_PX = 3
const NUMBER_FROM_PX = 10
const ROW_LABEL_FROM_PX = 5
export const SEAT_RADIUS_OF_PITCH = 0.4
const FONT = '"Archivo Variable", system-ui, sans-serif'

export type Scene = {
  plan: Plan
  grid: SeatGrid
  outlines: readonly Outline[]
  store: SeatStore
  /** Colour of each category, by its number. */
  colors: readonly string[]
  /** Categories that stay lit; null lights all. */
  lit: ReadonlySet<number> | null
  /** Places drawn by the other layer. */
  marked: ReadonlyMap<number, unknown>
  words: { left(count: number): string }
}

export function showsSections(plan: Plan, view: View): boolean {
  return plan.seatCount > LARGE_PLAN_SEATS && plan.pitch * SEAT_RADIUS_OF_PITCH * view.scale < SECTION_RADIUS_PX
}

export function drawStatic(ctx: CanvasRenderingContext2D, scene: Scene, view: View, size: Size): void {
  ctx.fillStyle = INK
  ctx.fillRect(0, 0, size.width, size.height)
  for (const shape of scene.plan.shapes) drawShape(ctx, shape, scene, view, size)
  if (showsSections(scene.plan, view)) {
    drawSections(ctx, scene, view, size)
    return
  }
  drawSeats(ctx, scene, view, size)
  drawRowLabels(ctx, scene, view, size)
}

function drawShape(ctx: CanvasRenderingContext2D, shape: Shape, scene: Scene, view: View, size: Size): void {
  ctx.save()
  const at = toScreen(view, shape.at)
  ctx.translate(at.x, at.y)
  ctx.rotate(shape.rotation)
  ctx.scale(view.scale, view.scale)
  const color = shape.area ? scene.colors[shape.area.category] ?? FAINT : HOUSE_2
  const lit = !shape.area || scene.lit === null || scene.lit.has(shape.area.category)
  if (shape.kind !== 'text') {
    shapePath(ctx, shape)
    ctx.lineWidth = 1.5 / view.scale
    if (shape.area) {
      const left = scene.store.areaAvailable(shape.area.id)
      ctx.globalAlpha = lit ? (left > 0 ? 0.24 : 0.06) : 0.06
      ctx.fillStyle = color
      ctx.fill()
      ctx.globalAlpha = lit && left > 0 ? 1 : 0.35
      ctx.strokeStyle = color
    } else {
      ctx.fillStyle = HOUSE_2
      ctx.fill()
      ctx.strokeStyle = HOUSE_3
    }
    ctx.stroke()
  }
  ctx.restore()
  drawShapeText(ctx, shape, scene, view, size)
}

function drawShapeText(ctx: CanvasRenderingContext2D, shape: Shape, scene: Scene, view: View, size: Size): void {
  if (!shape.text) return
  const bounds = shapeBounds(shape)
  const middle = shape.kind === 'ellipse' || shape.kind === 'text'
    ? shape.at
    : ({ x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 } as Shape['at'])
  const at = shape.text.at && shape.rotation === 0 && (shape.kind === 'rectangle' || shape.kind === 'text')
    ? toScreen(view, { x: shape.at.x + shape.text.at.x, y: shape.at.y + shape.text.at.y } as Shape['at'])
    : toScreen(view, middle)
  if (at.x < -200 || at.y < -50 || at.x > size.width + 200 || at.y > size.height + 50) return
  const px = Math.min(22, Math.max(11, shape.text.size * view.scale))
  const room = shape.kind === 'text' ? Infinity : (bounds.right - bounds.left) * view.scale
  ctx.font = `${shape.area ? 650 : 550} ${px}px ${FONT}`
  if (ctx.measureText(shape.text.words).width > room - 4) return
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = shape.area ? PLASTER : HAZE
  if (!shape.area) {
    ctx.fillText(shape.text.words, at.x, at.y)
    return
  }
  ctx.fillText(shape.text.words, at.x, at.y - px * 0.6)
  ctx.font = `500 ${Math.max(11, px * 0.8)}px ${FONT}`
  const left = scene.words.left(scene.store.areaAvailable(shape.area.id))
  if (ctx.measureText(left).width < room - 4) ctx.fillText(left, at.x, at.y + px * 0.7)
}

function drawSections(ctx: CanvasRenderingContext2D, scene: Scene, view: View, size: Size): void {
  const { plan, store } = scene
  const shown = visible(view, size)
  const left = leftBySection(plan, store)
  ctx.save()
  ctx.translate(view.dx, view.dy)
  ctx.scale(view.scale, view.scale)
  ctx.lineJoin = 'round'
  for (const outline of scene.outlines) {
    const section = plan.sections[outline.section]
    if (!section?.bounds || section.bounds.right < shown.left || section.bounds.left > shown.right || section.bounds.bottom < shown.top || section.bounds.top > shown.bottom) continue
    const share = store.known ? (left[outline.section] ?? 0) / Math.max(1, section.end - section.first) : 0
    const lit = scene.lit === null || scene.lit.has(outline.category)
    ctx.lineWidth = outline.thickness
    // How bright a section is says how much of it is left; sold out is as dark as the house.
    ctx.strokeStyle = mixed(scene.colors[outline.category] ?? FAINT, share === 0 ? 0 : lit ? 0.25 + 0.75 * share : 0.12)
    ctx.stroke(outline.path)
  }
  ctx.restore()
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.lineJoin = 'round'
  labelSections(ctx, scene, view, left)
}

type Box = { left: number; top: number; right: number; bottom: number }
const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

/** Names first, then what is left; where two would lie on each other, the later one stays away. */
function labelSections(ctx: CanvasRenderingContext2D, scene: Scene, view: View, left: Uint32Array): void {
  const { plan } = scene
  const drawn: Box[] = []
  const put = (words: string, font: string, height: number, x: number, y: number): boolean => {
    ctx.font = font
    const half = ctx.measureText(words).width / 2 + 2
    const box = { left: x - half, right: x + half, top: y - height / 2, bottom: y + height / 2 }
    if (drawn.some((other) => overlap(box, other))) return false
    drawn.push(box)
    label(ctx, words, x, y)
    return true
  }
  const named: { no: number; wide: boolean; x: number; y: number }[] = []
  plan.sections.forEach((section, no) => {
    if (!section.bounds) return
    const width = Math.min(section.bounds.right - section.bounds.left, (section.bounds.bottom - section.bounds.top) * 1.6) * view.scale
    if (width < 22) return
    const at = toScreen(view, section.middle)
    const wide = width > 72
    const words = wide ? section.name : section.name.replace(/^\D+(?=\d)/, '')
    const y = at.y - (width > 40 ? 7 : 0)
    ctx.font = `700 ${wide ? 14 : 12}px ${FONT}`
    if (ctx.measureText(words).width > width + 8) return
    if (put(words, ctx.font, wide ? 16 : 13, at.x, y) && width > 40) named.push({ no, wide, x: at.x, y: at.y + 8 })
  })
  for (const { no, wide, x, y } of named) put(wide ? scene.words.left(left[no] ?? 0) : String(left[no] ?? 0), `500 11px ${FONT}`, 12, x, y)
}

function label(ctx: CanvasRenderingContext2D, words: string, x: number, y: number): void {
  ctx.lineWidth = 3.5
  ctx.strokeStyle = INK
  ctx.strokeText(words, x, y)
  ctx.fillStyle = PLASTER
  ctx.fillText(words, x, y)
}

/** Counted once for each change of the seats, however often the view moves. */
let counted: { plan: Plan; store: SeatStore; version: number; left: Uint32Array } | null = null
function leftBySection(plan: Plan, store: SeatStore): Uint32Array {
  if (counted?.plan === plan && counted.store === store && counted.version === store.version) return counted.left
  const left = new Uint32Array(plan.sections.length)
  plan.sections.forEach((section, no) => {
    let free = 0
    for (let place = section.first; place < section.end; place++) if (store.code(place) === AVAILABLE) free++
    left[no] = free
  })
  counted = { plan, store, version: store.version, left }
  return left
}

/** `part` of a colour on the ground of an empty section: one opaque stroke is half the work of two. */
function mixed(color: string, part: number): string {
  const channel = (hex: string, at: number) => Number.parseInt(hex.slice(at, at + 2), 16)
  const parts = [1, 3, 5].map((at) => Math.round(channel(HOUSE_2, at) + (channel(color, at) - channel(HOUSE_2, at)) * part))
  return `rgb(${parts.join(' ')})`
}

/** One bucket per look, filled anew for each drawing and kept between drawings, so that panning makes no garbage. */
const buckets = new Map<string, number[]>()
function bucket(key: string): number[] {
  let places = buckets.get(key)
  if (!places) buckets.set(key, (places = []))
  return places
}

function drawSeats(ctx: CanvasRenderingContext2D, scene: Scene, view: View, size: Size): void {
  const { plan, store, grid } = scene
  const radius = plan.pitch * SEAT_RADIUS_OF_PITCH * view.scale
  const margin = plan.pitch
  const shown = visible(view, size)
  for (const places of buckets.values()) places.length = 0
  const held = bucket('held')
  const booked = bucket('booked')
  const blocked = bucket('blocked')
  grid.within({ left: shown.left - margin, top: shown.top - margin, right: shown.right + margin, bottom: shown.bottom + margin }, (place) => {
    if (scene.marked.has(place)) return
    const category = plan.category[place] ?? 0
    switch (store.code(place)) {
      case AVAILABLE: bucket(scene.lit === null || scene.lit.has(category) ? `on${category}` : `off${category}`).push(place); break
      case HELD: held.push(place); break
      case BOOKED: booked.push(place); break
      case BLOCKED: blocked.push(place); break
    }
  })
  const px = (place: number) => (plan.x[place] ?? 0) * view.scale + view.dx
  const py = (place: number) => (plan.y[place] ?? 0) * view.scale + view.dy

  for (let category = 0; category < plan.categories.length; category++) {
    ctx.fillStyle = scene.colors[category] ?? FAINT
    fill(ctx, scene, bucket(`on${category}`), radius, px, py)
    ctx.globalAlpha = 0.2
    fill(ctx, scene, bucket(`off${category}`), radius, px, py)
    ctx.globalAlpha = 1
  }
  ctx.fillStyle = FAINT
  const dot = Math.max(0.6, radius * 0.34)
  ctx.beginPath()
  for (const place of booked) {
    ctx.moveTo(px(place) + dot, py(place))
    ctx.arc(px(place), py(place), dot, 0, 2 * Math.PI)
  }
  ctx.fill()
  ctx.strokeStyle = FAINT
  ctx.lineWidth = Math.max(1, radius * 0.22)
  ctx.beginPath()
  for (const place of blocked) {
    ctx.moveTo(px(place) - radius * 0.45, py(place))
    ctx.lineTo(px(place) + radius * 0.45, py(place))
  }
  ctx.stroke()
  ctx.strokeStyle = HAZE
  ctx.lineWidth = Math.max(0.8, radius * 0.18)
  ctx.beginPath()
  const ring = radius * 0.72
  for (const place of held) {
    ctx.moveTo(px(place) + ring, py(place))
    ctx.arc(px(place), py(place), ring, 0, 2 * Math.PI)
  }
  ctx.stroke()
  if (radius >= NUMBER_FROM_PX) drawNumbers(ctx, scene, radius, px, py)
}

type At = (place: number) => number

function fill(ctx: CanvasRenderingContext2D, { plan }: Scene, places: readonly number[], radius: number, px: At, py: At): void {
  if (places.length === 0) return
  if (radius < SQUARE_BELOW_PX) {
    const side = Math.max(1.2, radius * 1.8)
    for (const place of places) ctx.fillRect(px(place) - side / 2, py(place) - side / 2, side, side)
    return
  }
  ctx.beginPath()
  for (const place of places) seatPath(ctx, px(place), py(place), radius, plan.accessible[place] === 1)
  ctx.fill()
}

function drawNumbers(ctx: CanvasRenderingContext2D, scene: Scene, radius: number, px: At, py: At): void {
  ctx.font = `600 ${Math.min(15, radius * 0.85)}px ${FONT}`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = INK
  for (let category = 0; category < scene.plan.categories.length; category++) {
    for (const place of bucket(`on${category}`)) ctx.fillText(scene.plan.number[place] ?? '', px(place), py(place) + radius * 0.08)
  }
}

function drawRowLabels(ctx: CanvasRenderingContext2D, { plan }: Scene, view: View, size: Size): void {
  const radius = plan.pitch * SEAT_RADIUS_OF_PITCH * view.scale
  if (radius < ROW_LABEL_FROM_PX) return
  ctx.font = `600 ${Math.min(14, Math.max(10, radius))}px ${FONT}`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = HAZE
  const put = (row: Plan['rows'][number], end: number, next: number) => {
    const x = plan.x[end] ?? 0
    const y = plan.y[end] ?? 0
    // One pitch further out along the row's own direction, so that curved rows get their letter where it belongs.
    const away = Math.hypot(x - (plan.x[next] ?? x), y - (plan.y[next] ?? y)) || 1
    const sx = (x + ((x - (plan.x[next] ?? x - 1)) / away) * plan.pitch) * view.scale + view.dx
    const sy = (y + ((y - (plan.y[next] ?? y)) / away) * plan.pitch) * view.scale + view.dy
    if (sx > -20 && sy > -20 && sx < size.width + 20 && sy < size.height + 20) ctx.fillText(row.label, sx, sy)
  }
  for (const row of plan.rows) {
    if (row.labelAt === 'none' || !row.label || row.end - row.first < 2) continue
    if (row.labelAt !== 'end') put(row, row.first, row.first + 1)
    if (row.labelAt !== 'start') put(row, row.end - 1, row.end - 2)
  }
}
