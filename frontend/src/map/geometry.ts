/** Places on the plan and places on the screen are both pairs of numbers; the brands keep them apart. */
export type ScenePoint = { readonly x: number; readonly y: number } & { readonly _brand: 'scene' }
export type ScreenPoint = { readonly x: number; readonly y: number } & { readonly _brand: 'screen' }
export type SceneRect = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
export type Size = { readonly width: number; readonly height: number }

/** screen = scene × scale + offset; both in CSS pixels. */
export type View = { readonly scale: number; readonly dx: number; readonly dy: number }

export const scene = (x: number, y: number): ScenePoint => ({ x, y }) as ScenePoint
export const screen = (x: number, y: number): ScreenPoint => ({ x, y }) as ScreenPoint

export const toScreen = (view: View, point: ScenePoint): ScreenPoint => screen(point.x * view.scale + view.dx, point.y * view.scale + view.dy)
export const toScene = (view: View, point: ScreenPoint): ScenePoint => scene((point.x - view.dx) / view.scale, (point.y - view.dy) / view.scale)

/** The part of the plan that a screen of this size shows. */
export function visible(view: View, size: Size): SceneRect {
  const a = toScene(view, screen(0, 0))
  const b = toScene(view, screen(size.width, size.height))
  return { left: a.x, top: a.y, right: b.x, bottom: b.y }
}

export type Padding = { top: number; right: number; bottom: number; left: number }

/** The view that shows all of `rect` in the middle of what `padding` leaves free. */
export function fit(rect: SceneRect, size: Size, padding: Padding): View {
  const width = Math.max(1, size.width - padding.left - padding.right)
  const height = Math.max(1, size.height - padding.top - padding.bottom)
  const scale = Math.min(width / Math.max(1, rect.right - rect.left), height / Math.max(1, rect.bottom - rect.top))
  return {
    scale,
    dx: padding.left + width / 2 - ((rect.left + rect.right) / 2) * scale,
    dy: padding.top + height / 2 - ((rect.top + rect.bottom) / 2) * scale,
  }
}

/** Zooms by `factor` so that what is under `at` stays under it. */
export function zoomAt(view: View, at: ScreenPoint, factor: number, limits: { min: number; max: number }): View {
  const scale = Math.min(limits.max, Math.max(limits.min, view.scale * factor))
  const real = scale / view.scale
  return { scale, dx: at.x - (at.x - view.dx) * real, dy: at.y - (at.y - view.dy) * real }
}

/** Keeps at least a third of the screen covered by the plan, so that nobody gets lost in the dark beside it. */
export function keepInSight(view: View, rect: SceneRect, size: Size): View {
  const clamp = (offset: number, low: number, high: number, length: number) => {
    const slack = length / 3
    return Math.min(length - slack - low * view.scale, Math.max(slack - high * view.scale, offset))
  }
  return { scale: view.scale, dx: clamp(view.dx, rect.left, rect.right, size.width), dy: clamp(view.dy, rect.top, rect.bottom, size.height) }
}

/** A view part of the way between two others; the scale moves by ratio, so that the eye sees even speed. */
export function between(from: View, to: View, part: number): View {
  const scale = from.scale * (to.scale / from.scale) ** part
  // The point that stays where it is, if there is one, else straight.
  const mix = Math.abs(to.scale - from.scale) < 1e-9 ? part : (scale - from.scale) / (to.scale - from.scale)
  return { scale, dx: from.dx + (to.dx - from.dx) * mix, dy: from.dy + (to.dy - from.dy) * mix }
}
