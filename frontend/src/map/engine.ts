/** The map without React: two canvases, one view, gestures in, picks out. */
import { SeatGrid } from './grid'
import type { SeatStore } from '../live/seats'
import { between, fit, keepInSight, screen, toScene, zoomAt, type Padding, type SceneRect, type ScreenPoint, type Size, type View } from './geometry'
import { listen, type Pointing } from './gestures'
import { drawMarks, type Mark } from './draw-marks'
import { drawStatic, SEAT_RADIUS_OF_PITCH, showsSections, type Scene } from './draw-static'
import { outlines } from './outline'
import { contains, type Plan } from './plan'

export type Hover = { place: number; at: ScreenPoint } | null
export type MapEvents = {
  onPick(place: number): void
  onPickArea(area: string): void
  onHover(hover: Hover): void
}
export type MapLook = { colors: readonly string[]; lit: ReadonlySet<number> | null; marks: ReadonlyMap<number, Mark>; words: Scene['words'] }

const FINGER_REACH_PX = 24
const MOUSE_REACH_PX = 12
/** A finger can't choose between seats that are nearer together than this: the first tap goes nearer. */
const FINGER_PITCH_PX = 15
const COMFORTABLE_PITCH_PX = 34
const RADIUS_MAX_PX = 30
const MOVE_MS = 260

export class SeatMapEngine {
  readonly #under: CanvasRenderingContext2D
  readonly #over: CanvasRenderingContext2D
  readonly #grid: SeatGrid
  readonly #scene: Scene
  #size: Size = { width: 0, height: 0 }
  #view: View = { scale: 1, dx: 0, dy: 0 }
  #home: View = this.#view
  #touched = false
  #marks: ReadonlyMap<number, Mark> = new Map()
  #hover: number | null = null
  #dirty = { under: false, over: false }
  #frame = 0
  #movement: { from: View; to: View; began: number } | null = null
  readonly #stops: (() => void)[] = []

  constructor(
    readonly host: HTMLElement, under: HTMLCanvasElement, over: HTMLCanvasElement,
    readonly plan: Plan, store: SeatStore, readonly events: MapEvents, readonly padding: () => Padding,
  ) {
    const [a, b] = [under.getContext('2d', { alpha: false }), over.getContext('2d')]
    if (!a || !b) throw new Error('This browser cannot draw the map')
    this.#under = a
    this.#over = b
    this.#grid = new SeatGrid(plan.x, plan.y, plan.bounds)
    this.#scene = { plan, grid: this.#grid, outlines: outlines(plan), store, colors: [], lit: null, marked: this.#marks, words: { left: String } }
    this.#stops.push(store.subscribe(() => this.#redraw('under')))
    const resize = new ResizeObserver(() => this.#resize())
    resize.observe(host)
    this.#stops.push(() => resize.disconnect())
    this.#stops.push(listen(host, {
      pan: (dx, dy) => this.#move({ ...this.#view, dx: this.#view.dx + dx, dy: this.#view.dy + dy }),
      zoom: (at, factor) => this.#move(zoomAt(this.#view, at, factor, this.#limits())),
      tap: (at, pointing) => this.#tap(at, pointing),
      doubleTap: (at) => { if (this.#seatAt(at, 'mouse') === null) this.#glide(zoomAt(this.#view, at, 2.2, this.#limits())) },
      hover: (at) => this.#point(at),
      key: (key) => this.#key(key),
    }))
    document.fonts?.ready.then(() => this.#redraw('under'), () => undefined)
    this.#resize()
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame)
    for (const stop of this.#stops) stop()
  }

  look({ colors, lit, marks, words }: MapLook): void {
    this.#marks = marks
    this.#scene.colors = colors
    this.#scene.lit = lit
    this.#scene.marked = marks
    this.#scene.words = words
    this.#redraw('under')
    this.#redraw('over')
  }

  nearer(): void { this.#glide(zoomAt(this.#view, this.#middle(), 1.8, this.#limits())) }
  further(): void { this.#glide(zoomAt(this.#view, this.#middle(), 1 / 1.8, this.#limits())) }
  whole(): void {
    this.#touched = false
    this.#glide(this.#home)
  }

  /** Brings some seats into sight, near enough to see their numbers. */
  show(places: readonly number[]): void {
    if (places.length === 0) return
    const xs = places.map((place) => this.plan.x[place] ?? 0)
    const ys = places.map((place) => this.plan.y[place] ?? 0)
    const room = this.plan.pitch * 3
    const rect = { left: Math.min(...xs) - room, right: Math.max(...xs) + room, top: Math.min(...ys) - room, bottom: Math.max(...ys) + room }
    this.#touched = true
    this.#glide(this.#fitted(rect, COMFORTABLE_PITCH_PX / this.plan.pitch))
  }

  #fitted(rect: SceneRect, scaleMax: number): View {
    const best = fit(rect, this.#size, this.padding())
    if (best.scale <= scaleMax) return best
    const at = screen(((rect.left + rect.right) / 2) * best.scale + best.dx, ((rect.top + rect.bottom) / 2) * best.scale + best.dy)
    return zoomAt(best, at, scaleMax / best.scale, { min: 0, max: scaleMax })
  }

  #limits(): { min: number; max: number } {
    return { min: this.#home.scale * 0.7, max: Math.max(this.#home.scale * 2, RADIUS_MAX_PX / (this.plan.pitch * SEAT_RADIUS_OF_PITCH)) }
  }

  #middle(): ScreenPoint { return screen(this.#size.width / 2, this.#size.height / 2) }

  #move(view: View): void {
    this.#movement = null
    this.#touched = true
    this.#view = keepInSight(view, this.plan.bounds, this.#size)
    this.#redraw('under')
    this.#redraw('over')
  }

  #glide(to: View): void {
    const target = keepInSight(to, this.plan.bounds, this.#size)
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#view = target
    } else {
      this.#movement = { from: this.#view, to: target, began: performance.now() }
    }
    this.#touched = true
    this.#redraw('under')
    this.#redraw('over')
  }

  #tap(at: ScreenPoint, pointing: Pointing): void {
    if (showsSections(this.plan, this.#view)) {
      if (!this.#tapArea(at)) this.#tapSection(at)
      return
    }
    const pitch = this.plan.pitch * this.#view.scale
    const place = this.#seatAt(at, pointing)
    if (place === null) {
      this.#tapArea(at)
      return
    }
    if (pointing === 'touch' && pitch < FINGER_PITCH_PX) {
      this.#glide(zoomAt(this.#view, at, COMFORTABLE_PITCH_PX / pitch, this.#limits()))
      return
    }
    this.events.onPick(place)
  }

  #tapSection(at: ScreenPoint): void {
    const point = toScene(this.#view, at)
    const place = this.#grid.nearest(point.x, point.y, 28 / this.#view.scale)
    const row = place === null ? undefined : this.plan.rows[this.plan.row[place] ?? -1]
    const section = row && this.plan.sections[row.section]
    if (!section?.bounds) {
      this.#glide(zoomAt(this.#view, at, 2, this.#limits()))
      return
    }
    const view = this.#fitted(section.bounds, COMFORTABLE_PITCH_PX / this.plan.pitch)
    // At least near enough that the section's seats appear at all.
    const least = 3 / (this.plan.pitch * SEAT_RADIUS_OF_PITCH)
    this.#glide(view.scale < least ? zoomAt(view, this.#middle(), least / view.scale, { min: 0, max: Infinity }) : view)
  }

  #tapArea(at: ScreenPoint): boolean {
    const point = toScene(this.#view, at)
    const shape = this.plan.shapes.find((one) => one.area && contains(one, point))
    if (shape?.area) this.events.onPickArea(shape.area.id)
    return shape !== undefined
  }

  #seatAt(at: ScreenPoint, pointing: Pointing): number | null {
    const point = toScene(this.#view, at)
    const reach = pointing === 'touch' ? FINGER_REACH_PX : Math.max(MOUSE_REACH_PX, this.plan.pitch * this.#view.scale * 0.6)
    return this.#grid.nearest(point.x, point.y, Math.min(reach / this.#view.scale, this.plan.pitch * 1.5))
  }

  #point(at: ScreenPoint | null): void {
    const place = at && !showsSections(this.plan, this.#view) ? this.#seatAt(at, 'mouse') : null
    if (place === this.#hover) return
    this.#hover = place
    this.events.onHover(place === null ? null : {
      place, at: screen((this.plan.x[place] ?? 0) * this.#view.scale + this.#view.dx, (this.plan.y[place] ?? 0) * this.#view.scale + this.#view.dy),
    })
    this.#redraw('over')
  }

  #key(key: string): boolean {
    const step = 60
    switch (key) {
      case '+': case '=': this.nearer(); return true
      case '-': this.further(); return true
      case '0': this.whole(); return true
      case 'ArrowLeft': this.#move({ ...this.#view, dx: this.#view.dx + step }); return true
      case 'ArrowRight': this.#move({ ...this.#view, dx: this.#view.dx - step }); return true
      case 'ArrowUp': this.#move({ ...this.#view, dy: this.#view.dy + step }); return true
      case 'ArrowDown': this.#move({ ...this.#view, dy: this.#view.dy - step }); return true
      default: return false
    }
  }

  #resize(): void {
    const { width, height } = this.host.getBoundingClientRect()
    if (width === 0 || height === 0) return
    const ratio = Math.min(window.devicePixelRatio || 1, 2)
    for (const { canvas } of [this.#under, this.#over]) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
    }
    const shift = { x: (width - this.#size.width) / 2, y: (height - this.#size.height) / 2 }
    const recentre = (view: View): View => ({ scale: view.scale, dx: view.dx + shift.x, dy: view.dy + shift.y })
    this.#size = { width, height }
    this.#home = fit(this.plan.bounds, this.#size, this.padding())
    // What was in the middle stays there when the sheet below opens or the phone is turned.
    this.#view = this.#touched ? recentre(this.#view) : this.#home
    if (this.#movement) this.#movement = { ...this.#movement, from: recentre(this.#movement.from), to: recentre(this.#movement.to) }
    // At once, not in the next frame: a canvas that changed size is empty until it is drawn.
    this.#draw({ under: true, over: true }, performance.now())
  }

  #redraw(layer: 'under' | 'over'): void {
    this.#dirty[layer] = true
    if (!this.#frame) this.#frame = requestAnimationFrame((now) => {
      this.#frame = 0
      const dirty = this.#dirty
      this.#dirty = { under: false, over: false }
      this.#draw(dirty, now)
    })
  }

  #draw(dirty: { under: boolean; over: boolean }, now: number): void {
    if (this.#movement) {
      const part = Math.min(1, Math.max(0, (now - this.#movement.began) / MOVE_MS))
      this.#view = between(this.#movement.from, this.#movement.to, 1 - (1 - part) ** 3)
      if (part === 1) this.#movement = null
    }
    const ratio = this.#under.canvas.width / Math.max(1, this.#size.width)
    if (dirty.under) {
      this.#under.setTransform(ratio, 0, 0, ratio, 0, 0)
      drawStatic(this.#under, this.#scene, this.#view, this.#size)
    }
    if (dirty.over) {
      this.#over.setTransform(ratio, 0, 0, ratio, 0, 0)
      this.#over.clearRect(0, 0, this.#size.width, this.#size.height)
      drawMarks(this.#over, this.plan, this.#marks, this.#hover, this.#view, this.#size)
    }
    if (this.#movement) {
      this.#redraw('under')
      this.#redraw('over')
    }
  }
}
