/** The layer that changes when the buyer does something: what they chose, hold, lost, and what they point at. */
import type { Size, View } from './geometry'
import { seatPath } from './outline'
import { ALARM, INK, LAMP, PLASTER } from './palette'
import { SEAT_RADIUS_OF_PITCH } from './draw-static'
import type { Plan } from './plan'

export type Mark = 'chosen' | 'yours' | 'lost' | 'shown'
const RADIUS_MIN_PX = 4.5

export function drawMarks(
  ctx: CanvasRenderingContext2D, plan: Plan, marks: ReadonlyMap<number, Mark>, hover: number | null, view: View, size: Size,
): void {
  const radius = Math.max(RADIUS_MIN_PX, plan.pitch * SEAT_RADIUS_OF_PITCH * view.scale)
  const at = (place: number) => ({ x: (plan.x[place] ?? 0) * view.scale + view.dx, y: (plan.y[place] ?? 0) * view.scale + view.dy })
  for (const [place, mark] of marks) {
    const { x, y } = at(place)
    if (x < -40 || y < -40 || x > size.width + 40 || y > size.height + 40) continue
    MARK[mark](ctx, x, y, radius, plan, place)
  }
  if (hover === null) return
  const { x, y } = at(hover)
  ctx.strokeStyle = PLASTER
  ctx.lineWidth = 2
  ctx.beginPath()
  seatPath(ctx, x, y, radius * 1.3 + 1, plan.accessible[hover] === 1)
  ctx.stroke()
}

type DrawMark = (ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, plan: Plan, place: number) => void

const MARK: Record<Mark, DrawMark> = {
  chosen(ctx, x, y, radius, plan, place) {
    lamp(ctx, x, y, radius, plan.accessible[place] === 1)
    if (radius >= 10) number(ctx, plan.number[place] ?? '', x, y, radius)
  },
  yours(ctx, x, y, radius, plan, place) {
    lamp(ctx, x, y, radius, plan.accessible[place] === 1)
    ctx.strokeStyle = INK
    ctx.lineWidth = Math.max(1.4, radius * 0.2)
    ctx.beginPath()
    ctx.moveTo(x - radius * 0.45, y + radius * 0.05)
    ctx.lineTo(x - radius * 0.1, y + radius * 0.4)
    ctx.lineTo(x + radius * 0.5, y - radius * 0.35)
    ctx.stroke()
  },
  lost(ctx, x, y, radius) {
    ctx.strokeStyle = ALARM
    ctx.lineWidth = Math.max(1.6, radius * 0.3)
    ctx.beginPath()
    ctx.moveTo(x - radius * 0.7, y - radius * 0.7)
    ctx.lineTo(x + radius * 0.7, y + radius * 0.7)
    ctx.moveTo(x + radius * 0.7, y - radius * 0.7)
    ctx.lineTo(x - radius * 0.7, y + radius * 0.7)
    ctx.stroke()
  },
  shown(ctx, x, y, radius, plan, place) {
    ctx.strokeStyle = LAMP
    ctx.lineWidth = 2
    ctx.beginPath()
    seatPath(ctx, x, y, radius * 1.4 + 2, plan.accessible[place] === 1)
    ctx.stroke()
  },
}

function lamp(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, square: boolean): void {
  ctx.fillStyle = INK
  ctx.beginPath()
  seatPath(ctx, x, y, radius * 1.16 + 2, square)
  ctx.fill()
  ctx.fillStyle = LAMP
  ctx.beginPath()
  seatPath(ctx, x, y, radius * 1.16, square)
  ctx.fill()
}

function number(ctx: CanvasRenderingContext2D, words: string, x: number, y: number, radius: number): void {
  ctx.font = `700 ${Math.min(16, radius * 0.95)}px "Archivo Variable", system-ui, sans-serif`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = INK
  ctx.fillText(words, x, y + radius * 0.08)
}
