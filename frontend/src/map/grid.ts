/** Finds seats by where they are: a uniform grid in two flat arrays, built once for a plan. */
import type { SceneRect } from './geometry'

const SEATS_PER_CELL = 6
const CELLS_PER_SIDE_MAX = 512

export class SeatGrid {
  readonly #cols: number
  readonly #rows: number
  readonly #cell: number
  readonly #starts: Uint32Array
  readonly #places: Uint32Array

  constructor(readonly x: Float32Array, readonly y: Float32Array, readonly bounds: SceneRect) {
    const width = Math.max(1e-6, bounds.right - bounds.left)
    const height = Math.max(1e-6, bounds.bottom - bounds.top)
    const wanted = Math.sqrt((width * height * SEATS_PER_CELL) / Math.max(1, x.length))
    this.#cell = Math.max(wanted, width / CELLS_PER_SIDE_MAX, height / CELLS_PER_SIDE_MAX)
    this.#cols = Math.max(1, Math.ceil(width / this.#cell))
    this.#rows = Math.max(1, Math.ceil(height / this.#cell))
    const counts = new Uint32Array(this.#cols * this.#rows + 1)
    for (let place = 0; place < x.length; place++) {
      const at = this.#cellOf(x[place] ?? 0, y[place] ?? 0) + 1
      counts[at] = (counts[at] ?? 0) + 1
    }
    for (let at = 1; at < counts.length; at++) counts[at] = (counts[at] ?? 0) + (counts[at - 1] ?? 0)
    this.#starts = counts.slice()
    this.#places = new Uint32Array(x.length)
    const next = counts.slice()
    for (let place = 0; place < x.length; place++) {
      const at = this.#cellOf(x[place] ?? 0, y[place] ?? 0)
      const slot = next[at] ?? 0
      this.#places[slot] = place
      next[at] = slot + 1
    }
  }

  /** Every seat in the cells that touch `rect`: all that are in it, and a few around it. */
  within(rect: SceneRect, visit: (place: number) => void): void {
    const [c0, c1] = [this.#col(rect.left), this.#col(rect.right)]
    const [r0, r1] = [this.#row(rect.top), this.#row(rect.bottom)]
    for (let r = r0; r <= r1; r++) {
      const end = this.#starts[r * this.#cols + c1 + 1] ?? 0
      for (let slot = this.#starts[r * this.#cols + c0] ?? 0; slot < end; slot++) visit(this.#places[slot] ?? 0)
    }
  }

  /** The seat nearest to a point, at most `reach` away; null if there is none. */
  nearest(px: number, py: number, reach: number): number | null {
    let best: number | null = null
    let bestSquare = reach * reach
    this.within({ left: px - reach, top: py - reach, right: px + reach, bottom: py + reach }, (place) => {
      const square = ((this.x[place] ?? 0) - px) ** 2 + ((this.y[place] ?? 0) - py) ** 2
      if (square <= bestSquare) {
        bestSquare = square
        best = place
      }
    })
    return best
  }

  #col(x: number): number { return Math.min(this.#cols - 1, Math.max(0, Math.floor((x - this.bounds.left) / this.#cell))) }
  #row(y: number): number { return Math.min(this.#rows - 1, Math.max(0, Math.floor((y - this.bounds.top) / this.#cell))) }
  #cellOf(x: number, y: number): number { return this.#row(y) * this.#cols + this.#col(x) }
}
