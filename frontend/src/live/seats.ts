/** What each seat of a show is, outside React: a byte a seat, changed in place, with listeners told what changed. */
import type { AreaCount, SeatLetter } from '../api/types'

export const AVAILABLE = 0
export const HELD = 1
export const BOOKED = 2
export const BLOCKED = 3
export type SeatCode = typeof AVAILABLE | typeof HELD | typeof BOOKED | typeof BLOCKED

/** A letter that we don't know is a seat that we don't sell. Not an object: those answer to `toString`, too. */
const CODE: ReadonlyMap<string, SeatCode> = new Map<SeatLetter, SeatCode>([['a', AVAILABLE], ['h', HELD], ['b', BOOKED], ['x', BLOCKED]])

/** Null: everything may have changed. */
export type Changed = readonly number[] | null
type Listener = (changed: Changed) => void

export class SeatStore {
  #codes = new Uint8Array(0)
  #areas = new Map<string, number>()
  #listeners = new Set<Listener>()
  #available = 0
  /** Grows with every change: the only cache key that readers need. */
  version = 0

  get length(): number { return this.#codes.length }
  /** Seats that anyone may hold now, general admission not counted. */
  get available(): number { return this.#available }
  /** Whether a first snapshot has come. */
  get known(): boolean { return this.version > 0 }

  code(place: number): SeatCode { return (this.#codes[place] ?? BLOCKED) as SeatCode }
  areaAvailable(area: string): number { return this.#areas.get(area) ?? 0 }

  replace(seats: string, areas: readonly AreaCount[]): void {
    const codes = new Uint8Array(seats.length)
    let available = 0
    for (let place = 0; place < seats.length; place++) {
      const code = CODE.get(seats.charAt(place)) ?? BLOCKED
      codes[place] = code
      if (code === AVAILABLE) available++
    }
    this.#codes = codes
    this.#available = available
    this.#areas = new Map(areas.map(({ area, available }) => [area, available]))
    this.#tell(null)
  }

  patch(seats: readonly (readonly [number, SeatLetter])[], areas: readonly (readonly [string, number])[]): void {
    const changed: number[] = []
    for (const [place, letter] of seats) {
      const before = this.#codes[place]
      const after = CODE.get(letter) ?? BLOCKED
      if (before === undefined || before === after) continue
      if (before === AVAILABLE) this.#available--
      if (after === AVAILABLE) this.#available++
      this.#codes[place] = after
      changed.push(place)
    }
    for (const [area, available] of areas) this.#areas.set(area, available)
    if (changed.length > 0 || areas.length > 0) this.#tell(changed)
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(changed: Changed): void {
    this.version++
    for (const listener of this.#listeners) listener(changed)
  }
}
