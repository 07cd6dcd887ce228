import { describe, expect, it } from 'vitest'
import { backoffMs, parse, startOf, step, stepPolled, type Position, type ServerMessage } from './protocol'

const snapshot: ServerMessage = { t: 'snapshot', plan_version: 'p1', seq: 41, seats: 'aahb', areas: [{ area: 'floor', available: 9 }] }
const START = startOf('p1')
const at41: Position = { seq: 41, planVersion: 'p1' }

describe('the live feed', () => {
  it('begins with a snapshot', () => {
    expect(step(START, snapshot)).toEqual({
      position: at41,
      effects: [{ do: 'replace', seats: 'aahb', areas: [{ area: 'floor', available: 9 }] }],
    })
  })

  it('goes on by deltas that follow each other', () => {
    const { position, effects } = step(at41, { t: 'delta', from: 41, seq: 44, seats: [[1, 'h']], areas: [['floor', 8]] })
    expect(position.seq).toBe(44)
    expect(effects).toEqual([{ do: 'patch', seats: [[1, 'h']], areas: [['floor', 8]] }])
  })

  it('answers a gap by reconnecting from what it has', () => {
    const { position, effects } = step(at41, { t: 'delta', from: 42, seq: 44, seats: [], areas: [] })
    expect(position).toEqual(at41)
    expect(effects).toEqual([{ do: 'reconnect' }])
  })

  it('takes a delta before any snapshot for a gap', () => {
    expect(step(START, { t: 'delta', from: 1, seq: 2, seats: [], areas: [] }).effects).toEqual([{ do: 'reconnect' }])
  })

  it('passes over a delta that it already has', () => {
    for (const seq of [40, 41]) {
      expect(step(at41, { t: 'delta', from: 39, seq, seats: [[0, 'b']], areas: [] })).toEqual({ position: at41, effects: [] })
    }
  })

  it('does not believe a delta that overlaps what it has', () => {
    expect(step(at41, { t: 'delta', from: 40, seq: 43, seats: [[0, 'b']], areas: [] }).effects).toEqual([{ do: 'reconnect' }])
  })

  it('loads the plan again when told, and forgets its position', () => {
    expect(step(at41, { t: 'plan' })).toEqual({ position: START, effects: [{ do: 'load_plan' }, { do: 'reconnect' }] })
  })

  it('loads the plan again when a map is of another version, and shows none of its letters', () => {
    const other = { plan_version: 'p2', seq: 50, seats: 'bbbb', areas: [] }
    for (const { position, effects } of [step(at41, { ...snapshot, ...other }), stepPolled(at41, other)]) {
      expect(position).toEqual(START)
      expect(effects).toEqual([{ do: 'load_plan' }, { do: 'reconnect' }])
    }
  })

  it('learns from a sign of life that the last message was lost', () => {
    expect(step(at41, { t: 'alive', seq: 41 })).toEqual({ position: at41, effects: [] })
    for (const seq of [40, 42]) expect(step(at41, { t: 'alive', seq }).effects).toEqual([{ do: 'reconnect' }])
    expect(step(START, { t: 'alive', seq: 0 }).effects).toEqual([{ do: 'reconnect' }])
  })

  it('hands on the show, the hold and the end of the hold without moving', () => {
    const hold = { id: 'h', show_id: 's', state: 'open' as const, seats: ['A-1'], placement: 'one_row' as const, areas: [], expires_at: null, expires_in_ms: 5, paused: false, extendable_until: null, pay_by: null }
    expect(step(at41, { t: 'show', state: 'paused', public_message: 'Fire drill' }).effects).toEqual([{ do: 'show', state: 'paused', publicMessage: 'Fire drill' }])
    expect(step(at41, { t: 'hold', hold })).toEqual({ position: at41, effects: [{ do: 'hold', hold }] })
    expect(step(at41, { t: 'hold_ended', id: 'h', why: 'lapsed' }).effects).toEqual([{ do: 'hold_ended', id: 'h', why: 'lapsed' }])
  })

  it('polls by the same rules', () => {
    expect(stepPolled(at41, { plan_version: 'p1', from: 41, seq: 42, deltas: [[2, 'a']], areas: [] }).effects).toEqual([{ do: 'patch', seats: [[2, 'a']], areas: [] }])
    expect(stepPolled(at41, { plan_version: 'p1', seq: 99, seats: 'bbbb', areas: [] }).position.seq).toBe(99)
  })

  it('passes over frames that it cannot read', () => {
    for (const frame of ['', '{', 'null', '3', '{"t":"choir"}', '{"a":1}']) expect(parse(frame)).toBeNull()
    expect(parse('{"t":"plan"}')).toEqual({ t: 'plan' })
  })

  it('waits longer each time, never longer than twenty seconds, and never all at once', () => {
    expect(backoffMs(0, 0)).toBe(250)
    expect(backoffMs(3, 0.999)).toBeLessThanOrEqual(4000)
    expect(backoffMs(3, 0)).toBe(2000)
    expect(backoffMs(99, 1)).toBe(20_000)
  })
})
