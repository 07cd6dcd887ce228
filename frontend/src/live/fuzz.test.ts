/** What a page does with messages that no server in its right mind sends. The seed that fails is named, and repeats it. */
import { describe, expect, it } from 'vitest'
import { parse, startOf, step, type Effect, type Position } from './protocol'
import { SeatStore } from './seats'

const ROUNDS = 1_000
const EXAMPLES = [
  { t: 'snapshot', plan_version: 'p1', seq: 41, seats: 'aahbx', areas: [{ area: 'floor', available: 9 }], server_time: '2030-01-01T00:00:00Z' },
  { t: 'delta', from: 41, seq: 44, seats: [[1, 'h'], [3, 'a']], areas: [['floor', 8]] },
  { t: 'alive', seq: 41 },
  { t: 'plan' },
  { t: 'show', state: 'paused', public_message: 'Back soon' },
  { t: 'hold', hold: { id: 'h', show_id: 's', state: 'open', seats: ['A-1'], placement: 'one_row', areas: [{ area: 'floor', quantity: 2 }], expires_at: '2030-01-01T00:00:00Z', expires_in_ms: 5, paused: false, extendable_until: '2030-01-01T00:00:00Z', pay_by: null } },
  { t: 'hold_ended', id: 'h', why: 'lapsed' },
].map((message) => JSON.stringify(message))
const WORDS = ['null', 'true', '[]', '{}', '""', '-1', '1e308', '0.5', '18446744073709551615', '"toString"', '"__proto__"', '"x"', '[[[]]]']

/** Chance, by a seed (SplitMix, in 32 bits). */
function chanceOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below
  }
}

const VALUE = /"[^"]*"|-?\d+|null|true|false/g

/** One to three faults: a value that becomes another, a character more, less or other, an end too soon. */
function spoil(right: string, below: (bound: number) => number): string {
  let frame = right
  for (let fault = 0; fault <= below(3); fault++) {
    const at = below(frame.length + 1)
    const values = [...frame.matchAll(VALUE)]
    const value = values[below(values.length || 1)]
    switch (below(6)) {
      case 0: frame = frame.slice(0, at) + frame.slice(at + 1); break
      case 1: frame = frame.slice(0, at) + String.fromCharCode(below(0x180)) + frame.slice(at); break
      case 2: frame = frame.slice(0, at); break
      default: if (value) frame = frame.slice(0, value.index) + WORDS[below(WORDS.length)] + frame.slice(value.index + value[0].length)
    }
  }
  return frame
}

function carryOut(store: SeatStore, effect: Effect): void {
  if (effect.do === 'replace') store.replace(effect.seats, effect.areas)
  if (effect.do === 'patch') store.patch(effect.seats, effect.areas)
}

/** The counts of a store are what its seats are. */
function mustStand(store: SeatStore): void {
  let free = 0
  for (let place = 0; place < store.length; place++) if (store.code(place) === 0) free++
  if (store.available !== free) throw new Error(`${store.available} counted, ${free} free`)
}

describe('spoilt frames', () => {
  it('are passed over, or taken for what they say; the page goes on', () => {
    let understood = 0
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const below = chanceOf(seed)
      try {
        const store = new SeatStore()
        let position: Position = startOf('p1')
        for (let turn = 0; turn < 4; turn++) {
          const right = EXAMPLES[below(EXAMPLES.length)] ?? ''
          const frame = turn === 0 ? (EXAMPLES[0] ?? '') : spoil(right, below)
          const message = parse(frame)
          if (message === null) continue
          if (frame !== right) understood++
          expect(parse(JSON.stringify(message)), 'what is read is printed and read again the same').toEqual(message)
          const after = step(position, message)
          if ((after.position.seq ?? 0) < 0) throw new Error('a number below nothing')
          for (const effect of after.effects) carryOut(store, effect)
          position = after.position
          mustStand(store)
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
      }
    }
    expect(understood, 'spoilt frames that were understood').toBeGreaterThan(150)
  })

  it('have no name by accident', () => {
    for (const name of ['toString', '__proto__', 'constructor']) expect(parse(JSON.stringify({ t: name }))).toBeNull()
    expect(parse('{"t":"snapshot","plan_version":"p1","seq":1}')).toBeNull()
  })
})
