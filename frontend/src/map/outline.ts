/** Paths: a seat, a shape, and a section as seen from afar. */
import type { Plan, Shape } from './plan'

/** The seat of this house: round at its back, square at its front; a wheelchair place is a square. */
export function seatPath(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, square: boolean): void {
  if (radius < 5) {
    if (square) ctx.rect(x - radius * 0.85, y - radius * 0.85, radius * 1.7, radius * 1.7)
    else {
      ctx.moveTo(x + radius, y)
      ctx.arc(x, y, radius, 0, 2 * Math.PI)
    }
    return
  }
  const front = radius * 0.2
  const back = square ? front : radius * 0.82
  ctx.roundRect(x - radius * 0.86, y - radius * 0.88, radius * 1.72, radius * 1.76, [back, back, front, front])
}

/** A shape in its own coordinates. */
export function shapePath(ctx: CanvasRenderingContext2D, shape: Shape): void {
  ctx.beginPath()
  switch (shape.kind) {
    case 'rectangle':
      ctx.rect(0, 0, shape.width, shape.height)
      break
    case 'ellipse':
      ctx.ellipse(0, 0, shape.width / 2, shape.height / 2, 0, 0, 2 * Math.PI)
      break
    case 'polygon':
      shape.points.forEach((point, no) => (no === 0 ? ctx.moveTo(point.x, point.y) : ctx.lineTo(point.x, point.y)))
      ctx.closePath()
      break
    case 'text':
      break
  }
}

export type Outline = { section: number; category: number; path: Path2D; thickness: number }

const POINTS_PER_ROW = 5
const AISLE_FACTOR = 1.9

/**
 * Each section as thick lines along its rows: whatever the rows' curve, together they make the section's shape, and its aisles
 * stay open. One outline for each category in a section.
 */
export function outlines(plan: Plan): Outline[] {
  const result: Outline[] = []
  plan.sections.forEach((section, no) => {
    const thickness = rowDistance(plan, section.firstRow, section.endRow) * 1.12
    const byCategory = new Map<number, Path2D>()
    for (let at = section.firstRow; at < section.endRow; at++) {
      const row = plan.rows[at]
      if (!row || row.end === row.first) continue
      const category = plan.category[row.first] ?? 0
      let path = byCategory.get(category)
      if (!path) byCategory.set(category, (path = new Path2D()))
      rowPath(plan, row.first, row.end, path)
    }
    for (const [category, path] of byCategory) result.push({ section: no, category, path, thickness })
  })
  return result
}

function rowPath(plan: Plan, first: number, end: number, path: Path2D): void {
  const stride = Math.max(1, Math.floor((end - first) / POINTS_PER_ROW))
  const half = plan.pitch / 2
  let start = first
  for (let place = first; place < end; place++) {
    const x = plan.x[place] ?? 0
    const y = plan.y[place] ?? 0
    const last = place === end - 1
    const gap = last ? Infinity : Math.hypot((plan.x[place + 1] ?? 0) - x, (plan.y[place + 1] ?? 0) - y)
    if (place === start) path.moveTo(x - (end - first === 1 ? half : 0), y)
    else if ((place - start) % stride === 0 || gap > plan.pitch * AISLE_FACTOR) path.lineTo(x, y)
    if (place === start && gap > plan.pitch * AISLE_FACTOR) path.lineTo(x + half, y)
    if (gap > plan.pitch * AISLE_FACTOR) start = place + 1
  }
}

function rowDistance(plan: Plan, firstRow: number, endRow: number): number {
  const steps: number[] = []
  for (let at = firstRow + 1; at < endRow; at++) {
    const a = plan.rows[at - 1]
    const b = plan.rows[at]
    if (!a || !b || a.end === a.first || b.end === b.first) continue
    const [i, j] = [a.first + ((a.end - a.first) >> 1), b.first + ((b.end - b.first) >> 1)]
    steps.push(Math.hypot((plan.x[i] ?? 0) - (plan.x[j] ?? 0), (plan.y[i] ?? 0) - (plan.y[j] ?? 0)))
  }
  steps.sort((a, b) => a - b)
  return Math.max(plan.pitch, steps[steps.length >> 1] ?? plan.pitch)
}
