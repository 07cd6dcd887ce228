/**
 * The live feed of a show, as a pure reducer: a message comes in, the new position and what to do about it come out.
 * It owns no seats and no socket, so that every rule of the protocol can be tested by calling it.
 */
import type { AreaCount, Hold, SeatLetter, SeatsSince, SeatsWhole, ShowState } from '../api/types'

export type HoldEnd = 'lapsed' | 'released' | 'booked'
export type ServerMessage =
  | ({ t: 'snapshot'; server_time?: string } & SeatsWhole)
  | { t: 'delta'; from: number; seq: number; seats: [number, SeatLetter][]; areas: [string, number][] }
  | { t: 'alive'; seq: number }
  | { t: 'plan' }
  | { t: 'show'; state: ShowState; public_message: string | null }
  | { t: 'hold'; hold: Hold }
  | { t: 'hold_ended'; id: string; why: HoldEnd }

/** How far the client has come with the plan that its page draws: nothing yet, or everything up to and with `seq`. */
export type Position = { readonly seq: number | null; readonly planVersion: string }
export const startOf = (planVersion: string): Position => ({ seq: null, planVersion })

export type Effect =
  | { do: 'replace'; seats: string; areas: AreaCount[] }
  | { do: 'patch'; seats: readonly (readonly [number, SeatLetter])[]; areas: readonly (readonly [string, number])[] }
  | { do: 'reconnect' }
  | { do: 'load_plan' }
  | { do: 'show'; state: ShowState; publicMessage: string | null }
  | { do: 'hold'; hold: Hold }
  | { do: 'hold_ended'; id: string; why: HoldEnd }

export type Step = { position: Position; effects: readonly Effect[] }

export function step(position: Position, message: ServerMessage): Step {
  switch (message.t) {
    case 'snapshot':
      return whole(position, message)
    case 'delta':
      return delta(position, message.from, message.seq, message.seats, message.areas)
    case 'alive':
      // The only way to learn that the last message was lost: nothing comes after it.
      return { position, effects: message.seq === position.seq ? [] : [{ do: 'reconnect' }] }
    case 'plan':
      return otherPlan(position)
    case 'show':
      return { position, effects: [{ do: 'show', state: message.state, publicMessage: message.public_message }] }
    case 'hold':
      return { position, effects: [{ do: 'hold', hold: message.hold }] }
    case 'hold_ended':
      return { position, effects: [{ do: 'hold_ended', id: message.id, why: message.why }] }
  }
}

/** An answer of `GET /shows/{id}/seats`, with or without `since=`: the same rules as on the socket. */
export function stepPolled(position: Position, answer: SeatsWhole | SeatsSince): Step {
  return 'from' in answer ? delta(position, answer.from, answer.seq, answer.deltas, answer.areas) : whole(position, answer)
}

function whole(position: Position, message: SeatsWhole): Step {
  if (message.plan_version !== position.planVersion) return otherPlan(position)
  return { position: { ...position, seq: message.seq }, effects: [{ do: 'replace', seats: message.seats, areas: message.areas }] }
}

/** Seats are counted in the plan's order: under another plan the numbers mean other seats, so nothing we have or get counts. */
function otherPlan({ planVersion }: Position): Step {
  return { position: startOf(planVersion), effects: [{ do: 'load_plan' }, { do: 'reconnect' }] }
}

function delta(
  position: Position, from: number, seq: number,
  seats: readonly (readonly [number, SeatLetter])[], areas: readonly (readonly [string, number])[],
): Step {
  // What we already have arrives again after a reconnect; it is not a gap.
  if (position.seq !== null && seq <= position.seq) return { position, effects: [] }
  // One gap, one answer: reconnect and ask for everything after what we have.
  if (from !== position.seq) return { position, effects: [{ do: 'reconnect' }] }
  return { position: { ...position, seq }, effects: [{ do: 'patch', seats, areas }] }
}

type Fields = Record<string, unknown>
type Is = (value: unknown) => boolean
const text: Is = (value) => typeof value === 'string'
const flag: Is = (value) => typeof value === 'boolean'
const count: Is = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const oneOf = (words: readonly string[]): Is => (value) => words.includes(value as string)
const maybe = (is: Is): Is => (value) => value === null || value === undefined || is(value)
const listOf = (is: Is): Is => (value) => Array.isArray(value) && value.every(is)
const pairOf = (first: Is, second: Is): Is => (value) => Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1])
const fieldsOf = (fields: Record<string, Is>): Is => (value) =>
  typeof value === 'object' && value !== null && Object.entries(fields).every(([name, is]) => is((value as Fields)[name]))

const isHold = fieldsOf({
  id: text, show_id: text, state: oneOf(['open', 'paying']), seats: listOf(text), areas: listOf(fieldsOf({ area: text, quantity: count })),
  expires_at: maybe(text), expires_in_ms: maybe(count), paused: maybe(flag), extendable_until: maybe(text), pay_by: maybe(text),
})
/** What a message of each kind has at least; it may have more. */
const KINDS: Record<ServerMessage['t'], Is> = {
  snapshot: fieldsOf({ plan_version: text, seq: count, seats: text, areas: listOf(fieldsOf({ area: text, available: count })) }),
  delta: fieldsOf({ from: count, seq: count, seats: listOf(pairOf(count, text)), areas: listOf(pairOf(text, count)) }),
  alive: fieldsOf({ seq: count }),
  plan: fieldsOf({}),
  show: fieldsOf({ state: oneOf(['draft', 'published', 'paused', 'cancelled', 'moved', 'ended']), public_message: maybe(text) }),
  hold: fieldsOf({ hold: isHold }),
  hold_ended: fieldsOf({ id: text, why: oneOf(['lapsed', 'released', 'booked']) }),
}

/** Reads one frame. Null for what this version doesn't know, a newer server may say more; and for what is not whole. */
export function parse(frame: string): ServerMessage | null {
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const kind = (value as Fields).t
  // Own names only: an object answers to `toString`, too.
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) return null
  return KINDS[kind as ServerMessage['t']](value) ? (value as ServerMessage) : null
}

const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 20_000

/** How long to wait before attempt `attempt` (from 0). `chance` in [0, 1) spreads a crowd that lost its server together. */
export function backoffMs(attempt: number, chance: number): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10))
  return Math.round(ceiling / 2 + (ceiling / 2) * chance)
}
