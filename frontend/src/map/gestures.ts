/** Pointers, wheel and keys become six words: pan, zoom, tap, double tap, hover, key. */
import { screen, type ScreenPoint } from './geometry'

export type Pointing = 'mouse' | 'touch'
export type Gestures = {
  pan(dx: number, dy: number): void
  zoom(at: ScreenPoint, factor: number): void
  tap(at: ScreenPoint, pointing: Pointing): void
  doubleTap(at: ScreenPoint): void
  hover(at: ScreenPoint | null): void
  /** True where the key meant something. */
  key(key: string): boolean
}

const STILL_PX: Record<Pointing, number> = { mouse: 4, touch: 9 }
const DOUBLE_MS = 300
const DOUBLE_PX = 28
const WHEEL_PER_ZOOM = 420

export function listen(host: HTMLElement, gestures: Gestures): () => void {
  const down = new Map<number, { x: number; y: number }>()
  let moved = false
  let start = { x: 0, y: 0 }
  let lastTap = { at: -Infinity, x: 0, y: 0 }

  const local = (event: { clientX: number; clientY: number }) => {
    const box = host.getBoundingClientRect()
    return screen(event.clientX - box.left, event.clientY - box.top)
  }
  const pointingOf = (event: PointerEvent): Pointing => (event.pointerType === 'mouse' ? 'mouse' : 'touch')

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return
    const at = local(event)
    down.set(event.pointerId, at)
    if (down.size === 1) {
      moved = false
      start = at
    } else {
      moved = true
    }
    host.setPointerCapture(event.pointerId)
  }
  const onMove = (event: PointerEvent) => {
    const at = local(event)
    const before = down.get(event.pointerId)
    if (!before) {
      if (event.pointerType === 'mouse') gestures.hover(at)
      return
    }
    if (down.size === 1) {
      if (!moved && Math.hypot(at.x - start.x, at.y - start.y) < STILL_PX[pointingOf(event)]) return
      if (!moved) gestures.hover(null)
      moved = true
      gestures.pan(at.x - before.x, at.y - before.y)
    } else if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1]
      if (other) {
        const apart = Math.hypot(before.x - other.x, before.y - other.y)
        const now = Math.hypot(at.x - other.x, at.y - other.y)
        gestures.pan((at.x - before.x) / 2, (at.y - before.y) / 2)
        if (apart > 0) gestures.zoom(screen((at.x + other.x) / 2, (at.y + other.y) / 2), now / apart)
      }
    }
    down.set(event.pointerId, at)
  }
  const onUp = (event: PointerEvent) => {
    if (!down.delete(event.pointerId) || moved || down.size > 0) return
    const at = local(event)
    const again = event.timeStamp - lastTap.at < DOUBLE_MS && Math.hypot(at.x - lastTap.x, at.y - lastTap.y) < DOUBLE_PX
    lastTap = again ? { at: -Infinity, x: 0, y: 0 } : { at: event.timeStamp, x: at.x, y: at.y }
    if (again) gestures.doubleTap(at)
    gestures.tap(at, pointingOf(event))
  }
  const onCancel = (event: PointerEvent) => {
    down.delete(event.pointerId)
    moved = true
  }
  const onLeave = () => gestures.hover(null)
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY
    // A pinch on a trackpad arrives as small wheel steps with ctrl.
    gestures.zoom(local(event), Math.exp((-pixels * (event.ctrlKey ? 4 : 1)) / WHEEL_PER_ZOOM))
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (gestures.key(event.key)) event.preventDefault()
  }

  host.addEventListener('pointerdown', onDown)
  host.addEventListener('pointermove', onMove)
  host.addEventListener('pointerup', onUp)
  host.addEventListener('pointercancel', onCancel)
  host.addEventListener('pointerleave', onLeave)
  host.addEventListener('wheel', onWheel, { passive: false })
  host.addEventListener('keydown', onKey)
  return () => {
    host.removeEventListener('pointerdown', onDown)
    host.removeEventListener('pointermove', onMove)
    host.removeEventListener('pointerup', onUp)
    host.removeEventListener('pointercancel', onCancel)
    host.removeEventListener('pointerleave', onLeave)
    host.removeEventListener('wheel', onWheel)
    host.removeEventListener('keydown', onKey)
  }
}
