/**
 * How a page keeps its line to a show: a pure machine. What happened goes in, the next state and what to do come out. Sockets,
 * timers and questions are the caller's; each socket has a number, and a word of one that was given up is not heard.
 */
import type { SeatsSince, SeatsWhole } from '../api/types'
import { backoffMs, startOf, step, stepPolled, type Effect, type Position, type ServerMessage } from './protocol'

/** What the reader is told: first contact, up to date by socket, after a break, up to date by asking, or perhaps old. */
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'offline'

/** After so many sockets in a row that ended before they said anything useful, ask by HTTP meanwhile. */
export const SOCKETS_TRIED_BEFORE_POLLING = 2
export const POLL_EVERY_MS = 3_000
/** The server says something every twenty seconds; a line that is silent for longer than two of these is dead, whatever TCP thinks. */
export const SILENCE_MAX_MS = 45_000
/** A socket that says nothing for so long after it was asked for is given up. */
export const CONNECT_MAX_MS = 10_000

export type Link = {
  readonly position: Position
  /** The socket that counts; null while waiting for the next try. */
  readonly socket: number | null
  readonly sockets: number
  /** Tries in a row that came to nothing. */
  readonly failed: number
  readonly online: boolean
  /** What is being asked by HTTP: nothing, soon again, or from this number. */
  readonly polling: 'no' | 'soon' | { readonly since: number | null }
  readonly shown: LinkState
  readonly stopped: boolean
}

export type Happening =
  | { is: 'started' | 'online' | 'offline' | 'visible' | 'stopped' }
  | { is: 'said'; socket: number; message: ServerMessage | null }
  | { is: 'closed' | 'silent'; socket: number }
  | { is: 'retry_due' | 'poll_due' | 'unanswered' }
  | { is: 'answered'; answer: SeatsWhole | SeatsSince }

export type Errand =
  | { do: 'open'; socket: number; position: Position }
  | { do: 'close' }
  /** Tell `silent` when this socket has said nothing for so long. Each replaces the one before. */
  | { do: 'expect_word'; socket: number; withinMs: number }
  | { do: 'retry_in'; ms: number }
  | { do: 'poll_in'; ms: number }
  | { do: 'ask'; position: Position }
  | { do: 'link'; state: LinkState }
  | Exclude<Effect, { do: 'reconnect' }>

export type Turn = { readonly link: Link; readonly errands: readonly Errand[] }

export function newLink(planVersion: string, online: boolean): Link {
  return { position: startOf(planVersion), socket: null, sockets: 0, failed: 0, online, polling: 'no', shown: 'connecting', stopped: false }
}

/** `chance` in [0, 1) spreads a crowd that lost its server together. */
export function turn(link: Link, happened: Happening, chance: number): Turn {
  if (link.stopped && happened.is !== 'started') return { link, errands: [] }
  switch (happened.is) {
    case 'started':
      return connect({ ...link, stopped: false }, [{ do: 'link', state: link.shown }])
    case 'stopped':
      return { link: { ...link, socket: null, polling: 'no', stopped: true }, errands: [{ do: 'close' }] }
    case 'online':
      // Whatever was open belongs to the network before: with a number, coming back costs one message.
      return connect({ ...link, online: true, failed: 0 }, [])
    case 'offline':
      return show({ ...link, online: false }, [])
    case 'visible':
      // The reader came back: don't let them wait for the timer.
      return link.socket === null ? connect({ ...link, failed: 0 }, []) : { link, errands: [] }
    case 'retry_due':
      return link.socket === null ? connect(link, []) : { link, errands: [] }
    case 'closed':
    case 'silent':
      return happened.socket === link.socket ? giveUp(link, [], chance) : { link, errands: [] }
    case 'said':
      return happened.socket === link.socket ? said(link, happened.socket, happened.message, chance) : { link, errands: [] }
    case 'poll_due':
      return link.polling === 'soon' ? ask(link, []) : { link, errands: [] }
    case 'answered':
      return typeof link.polling === 'object' ? answered(link, link.polling.since, happened.answer) : { link, errands: [] }
    case 'unanswered':
      if (typeof link.polling !== 'object') return { link, errands: [] }
      return tell({ ...link, polling: 'soon' }, 'offline', [{ do: 'poll_in', ms: POLL_EVERY_MS }])
  }
}

function connect(link: Link, errands: readonly Errand[]): Turn {
  const socket = link.sockets + 1
  const open: Errand[] = [{ do: 'close' }, { do: 'open', socket, position: link.position }, { do: 'expect_word', socket, withinMs: CONNECT_MAX_MS }]
  return show({ ...link, socket, sockets: socket }, [...errands, ...open])
}

/** This socket is lost: another one after a while, and questions meanwhile where sockets don't last. */
function giveUp(link: Link, errands: readonly Errand[], chance: number): Turn {
  const failed = link.failed + 1
  const next = show({ ...link, socket: null, failed }, [...errands, { do: 'close' }, { do: 'retry_in', ms: backoffMs(link.failed, chance) }])
  const poll = failed >= SOCKETS_TRIED_BEFORE_POLLING && next.link.polling === 'no'
  return poll ? ask(next.link, next.errands) : next
}

function said(link: Link, socket: number, message: ServerMessage | null, chance: number): Turn {
  const listen: Errand = { do: 'expect_word', socket, withinMs: SILENCE_MAX_MS }
  // A newer server may say more than this page knows; it is alive.
  if (message === null) return { link, errands: [listen] }
  const { position, effects } = step(link.position, message)
  const errands = effects.flatMap((effect) => (effect.do === 'reconnect' ? [] : [effect]))
  if (errands.length < effects.length) return giveUp({ ...link, position }, errands, chance)
  // Only what brings or confirms a map makes the line a good one.
  const knows = position.seq !== null
  return tell({ ...link, position, failed: knows ? 0 : link.failed, polling: 'no' }, knows ? 'live' : link.shown, [listen, ...errands])
}

function ask(link: Link, errands: readonly Errand[]): Turn {
  return { link: { ...link, polling: { since: link.position.seq } }, errands: [...errands, { do: 'ask', position: link.position }] }
}

function answered(link: Link, asked: number | null, answer: SeatsWhole | SeatsSince): Turn {
  const again: Errand = { do: 'poll_in', ms: POLL_EVERY_MS }
  // A socket was faster: the answer is about a moment that is over.
  if (asked !== link.position.seq) return { link: { ...link, polling: 'soon' }, errands: [again] }
  const { position, effects } = stepPolled(link.position, answer)
  const errands = effects.flatMap((effect) => (effect.do === 'reconnect' ? [] : [effect]))
  if (errands.length < effects.length) {
    // There is no socket to come back with: the next question is for the whole.
    return { link: { ...link, position: startOf(position.planVersion), polling: 'soon' }, errands: [...errands, again] }
  }
  return tell({ ...link, position, polling: 'soon' }, 'polling', [...errands, again])
}

/** Says what has become of a line that is not there. */
function show(link: Link, errands: readonly Errand[]): Turn {
  if (!link.online) return tell(link, 'offline', errands)
  if (link.polling !== 'no') return { link, errands }
  return tell(link, link.position.seq === null ? 'connecting' : 'reconnecting', errands)
}

function tell(link: Link, state: LinkState, errands: readonly Errand[]): Turn {
  if (state === link.shown) return { link, errands }
  return { link: { ...link, shown: state }, errands: [...errands, { do: 'link', state }] }
}
