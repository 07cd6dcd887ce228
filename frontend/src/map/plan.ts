/**
 * A seat plan in the form that drawing and finding need: flat arrays in the plan's order (zones, rows, seats), so that a seat's
 * place in them is its place in the server's seats string.
 */
import type { AreaJson, PlanJson, PointJson, RowJson } from './plan-json'
import { scene, type ScenePoint, type SceneRect } from './geometry'

/** `label` stands on the map, `phrase` in sentences: "3" and "Table 3". */
export type Row = { section: number; label: string; phrase: string; labelAt: 'start' | 'end' | 'both' | 'none'; first: number; end: number }
export type Section = { id: string; name: string; firstRow: number; endRow: number; first: number; end: number; bounds: SceneRect | null; middle: ScenePoint }
export type Shape = {
  kind: 'rectangle' | 'ellipse' | 'polygon' | 'text'
  at: ScenePoint
  rotation: number
  width: number
  height: number
  points: ScenePoint[]
  text: { words: string; size: number; at: PointJson | null } | null
  /** Set where places in it are sold by count. */
  area: { id: string; name: string; capacity: number; category: number } | null
}

export type Plan = {
  name: string
  categories: string[]
  seatCount: number
  guid: string[]
  number: string[]
  x: Float32Array
  y: Float32Array
  category: Uint8Array
  row: Uint32Array
  accessible: Uint8Array
  companion: Uint8Array
  restricted: Uint8Array
  rows: Row[]
  sections: Section[]
  shapes: Shape[]
  bounds: SceneRect
  /** The usual distance from a seat to the next in its row. */
  pitch: number
  placeOf: ReadonlyMap<string, number>
}

export function readPlan(json: PlanJson): Plan {
  const seatCount = json.zones.reduce((sum, zone) => sum + (zone.rows ?? []).reduce((n, row) => n + (row.seats?.length ?? 0), 0), 0)
  const categories = json.categories.map((category) => category.name)
  const categoryNo = new Map(categories.map((name, no) => [name, no]))
  const x = new Float32Array(seatCount)
  const y = new Float32Array(seatCount)
  const category = new Uint8Array(seatCount)
  const rowOf = new Uint32Array(seatCount)
  const accessible = new Uint8Array(seatCount)
  const companion = new Uint8Array(seatCount)
  const restricted = new Uint8Array(seatCount)
  const guid: string[] = []
  const number: string[] = []
  const rows: Row[] = []
  const sections: Section[] = []
  const shapes: Shape[] = []
  const placeOf = new Map<string, number>()
  const steps: number[] = []
  let place = 0

  for (const zone of json.zones) {
    const origin = zone.position ?? { x: 0, y: 0 }
    const firstRow = rows.length
    const first = place
    for (const row of zone.rows ?? []) {
      const offset = { x: origin.x + (row.position?.x ?? 0), y: origin.y + (row.position?.y ?? 0) }
      const rowFirst = place
      for (const seat of row.seats ?? []) {
        x[place] = offset.x + seat.position.x
        y[place] = offset.y + seat.position.y
        category[place] = categoryNo.get(seat.category ?? '') ?? 0
        rowOf[place] = rows.length
        accessible[place] = seat.accessible ? 1 : 0
        companion[place] = seat.companion ? 1 : 0
        restricted[place] = seat.restricted_view ? 1 : 0
        guid.push(seat.seat_guid)
        number.push(seat.seat_number ?? '')
        placeOf.set(seat.seat_guid, place)
        if (place > rowFirst) steps.push(Math.hypot((x[place] ?? 0) - (x[place - 1] ?? 0), (y[place] ?? 0) - (y[place - 1] ?? 0)))
        place++
      }
      rows.push({ section: sections.length, label: row.row_number ?? row.row_label ?? '', phrase: phraseOf(row), labelAt: row.row_number_position ?? 'none', first: rowFirst, end: place })
    }
    for (const area of zone.areas ?? []) shapes.push(readShape(area, origin, categoryNo))
    const bounds = boundsOf(x, y, first, place)
    sections.push({
      id: zone.zone_id ?? zone.uuid ?? zone.name ?? '', name: zone.name ?? '', firstRow, endRow: rows.length, first, end: place, bounds,
      middle: bounds ? scene((bounds.left + bounds.right) / 2, (bounds.top + bounds.bottom) / 2) : scene(origin.x, origin.y),
    })
  }
  steps.sort((a, b) => a - b)
  const pitch = steps[Math.floor(steps.length / 2)] || 20
  return {
    name: json.name ?? '', categories, seatCount, guid, number, x, y, category, row: rowOf, accessible, companion, restricted, rows, sections, shapes,
    bounds: wholeBounds(boundsOf(x, y, 0, seatCount), shapes, pitch), pitch, placeOf,
  }
}

/** "Row C" is said in the reader's own language; "Table 3" only as the plan says it. */
const phraseOf = (row: RowJson): string => (row.row_label && !(row.row_number && /^row\s/i.test(row.row_label)) ? row.row_label : (row.row_number ?? ''))

export function sectionOf(plan: Plan, place: number): Section | undefined {
  const row = plan.rows[plan.row[place] ?? -1]
  return row && plan.sections[row.section]
}

export function areasOf(plan: Plan): NonNullable<Shape['area']>[] {
  return plan.shapes.flatMap((shape) => (shape.area ? [shape.area] : []))
}

function readShape(area: AreaJson, origin: PointJson, categoryNo: ReadonlyMap<string, number>): Shape {
  const at = scene(origin.x + (area.position?.x ?? 0), origin.y + (area.position?.y ?? 0))
  const words = area.text?.text ?? ''
  const text = words ? { words, size: area.text?.size ?? 16, at: area.text?.position ?? null } : null
  const sold = area.area_id === undefined
    ? null
    : { id: area.area_id, name: words || area.area_id, capacity: area.capacity ?? 0, category: categoryNo.get(area.category ?? '') ?? 0 }
  const base = { at, rotation: ((area.rotation ?? 0) * Math.PI) / 180, width: 0, height: 0, points: [], text, area: sold }
  switch (area.shape) {
    case 'rectangle':
      return { ...base, kind: 'rectangle', width: area.rectangle?.width ?? 0, height: area.rectangle?.height ?? 0 }
    case 'circle':
      return { ...base, kind: 'ellipse', width: 2 * (area.circle?.radius ?? 0), height: 2 * (area.circle?.radius ?? 0) }
    case 'ellipse':
      return { ...base, kind: 'ellipse', width: 2 * (area.ellipse?.radius.x ?? 0), height: 2 * (area.ellipse?.radius.y ?? 0) }
    case 'polygon':
      return { ...base, kind: 'polygon', points: (area.polygon?.points ?? []).map((point) => scene(point.x, point.y)) }
    case 'text':
      return { ...base, kind: 'text' }
  }
}

/** Where a shape is on the plan, turned or not (a little generous where it is turned). */
export function shapeBounds(shape: Shape): SceneRect {
  const { at, width, height } = shape
  switch (shape.kind) {
    case 'rectangle': {
      if (shape.rotation === 0) return { left: at.x, top: at.y, right: at.x + width, bottom: at.y + height }
      const reach = Math.hypot(width, height)
      return { left: at.x - reach, top: at.y - reach, right: at.x + reach, bottom: at.y + reach }
    }
    case 'ellipse':
      return { left: at.x - width / 2, top: at.y - height / 2, right: at.x + width / 2, bottom: at.y + height / 2 }
    case 'polygon': {
      if (shape.points.length === 0) return { left: at.x, top: at.y, right: at.x, bottom: at.y }
      const xs = shape.points.map((point) => point.x)
      const ys = shape.points.map((point) => point.y)
      return { left: at.x + Math.min(...xs), top: at.y + Math.min(...ys), right: at.x + Math.max(...xs), bottom: at.y + Math.max(...ys) }
    }
    case 'text':
      return { left: at.x, top: at.y, right: at.x, bottom: at.y }
  }
}

/** Whether a point of the plan lies in a shape. */
export function contains(shape: Shape, point: ScenePoint): boolean {
  const cos = Math.cos(-shape.rotation)
  const sin = Math.sin(-shape.rotation)
  const x = (point.x - shape.at.x) * cos - (point.y - shape.at.y) * sin
  const y = (point.x - shape.at.x) * sin + (point.y - shape.at.y) * cos
  switch (shape.kind) {
    case 'rectangle': return x >= 0 && y >= 0 && x <= shape.width && y <= shape.height
    case 'ellipse': return shape.width > 0 && shape.height > 0 && (2 * x / shape.width) ** 2 + (2 * y / shape.height) ** 2 <= 1
    case 'polygon': return inPolygon(shape.points, x, y)
    case 'text': return false
  }
}

function inPolygon(points: readonly ScenePoint[], x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const a = points[i]
    const b = points[j]
    if (a && b && a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside
  }
  return inside
}

function boundsOf(x: Float32Array, y: Float32Array, first: number, end: number): SceneRect | null {
  if (end <= first) return null
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let place = first; place < end; place++) {
    const px = x[place] ?? 0
    const py = y[place] ?? 0
    if (px < left) left = px
    if (px > right) right = px
    if (py < top) top = py
    if (py > bottom) bottom = py
  }
  return { left, top, right, bottom }
}

function wholeBounds(seats: SceneRect | null, shapes: readonly Shape[], pitch: number): SceneRect {
  const parts = [...(seats ? [seats] : []), ...shapes.map(shapeBounds)]
  if (parts.length === 0) return { left: 0, top: 0, right: 100, bottom: 100 }
  return {
    left: Math.min(...parts.map((part) => part.left)) - pitch,
    top: Math.min(...parts.map((part) => part.top)) - pitch,
    right: Math.max(...parts.map((part) => part.right)) + pitch,
    bottom: Math.max(...parts.map((part) => part.bottom)) + pitch,
  }
}
