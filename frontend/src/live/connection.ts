/** Keeps a show's seats up to date: by WebSocket, and where that doesn't last, by asking every few seconds. */
import { API, call } from '../api/client'
import type { Hold, SeatsSince, SeatsWhole, ShowState } from '../api/types'
import { START, backoffMs, parse, step, stepPolled, type Effect, type HoldEnd, type Position } from './protocol'
import type { SeatStore } from './seats'

export type LinkState = 'connecting' | 'live' | 'polling' | 'offline'
export type LiveEvents = {
  onLink(state: LinkState): void
  onPlan(): void
  onShow(state: ShowState, publicMessage: string | null): void
  onHold(hold: Hold): void
  onHoldEnded(id: string, why: HoldEnd): void
}

/** After so many sockets in a row that ended before they said anything, ask by HTTP meanwhile. */
const SOCKETS_TRIED_BEFORE_POLLING = 2
const POLL_EVERY_MS = 3_000

export class LiveConnection {
  #position: Position = START
  #socket: WebSocket | null = null
  #attempt = 0
  #retry: ReturnType<typeof setTimeout> | null = null
  #poll: ReturnType<typeof setInterval> | null = null
  #holdProof: { id: string; token: string } | null = null
  #stopped = false

  constructor(readonly showId: string, readonly store: SeatStore, readonly events: LiveEvents) {}

  start(): void {
    this.#stopped = false
    window.addEventListener('online', this.#wake)
    document.addEventListener('visibilitychange', this.#wake)
    this.#connect()
  }

  stop(): void {
    this.#stopped = true
    window.removeEventListener('online', this.#wake)
    document.removeEventListener('visibilitychange', this.#wake)
    this.#stopPolling()
    if (this.#retry) clearTimeout(this.#retry)
    this.#drop()
  }

  /** From now on the server also tells what becomes of this hold. */
  watchHold(proof: { id: string; token: string } | null): void {
    this.#holdProof = proof
    this.#introduce()
  }

  #connect(): void {
    if (this.#stopped) return
    this.#drop()
    const since = this.#position.seq === null ? '' : `?since=${this.#position.seq}`
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${location.host}${API}/shows/${this.showId}/live${since}`)
    this.#socket = socket
    if (this.#position.seq === null) this.events.onLink('connecting')
    socket.onopen = () => {
      // Who comes back with `since=` may hear nothing for a while: an open line is a live one.
      this.#stopPolling()
      this.events.onLink('live')
      this.#introduce()
    }
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket || typeof data !== 'string') return
      this.#attempt = 0
      this.#stopPolling()
      this.events.onLink('live')
      const message = parse(data)
      if (message) this.#take(step(this.#position, message))
    }
    socket.onclose = () => {
      if (socket === this.#socket) this.#later()
    }
  }

  #take({ position, effects }: { position: Position; effects: readonly Effect[] }): void {
    this.#position = position
    for (const effect of effects) {
      switch (effect.do) {
        case 'replace': this.store.replace(effect.seats, effect.areas); break
        case 'patch': this.store.patch(effect.seats, effect.areas); break
        case 'reconnect': this.#later(); break
        case 'load_plan': this.events.onPlan(); break
        case 'show': this.events.onShow(effect.state, effect.publicMessage); break
        case 'hold': this.events.onHold(effect.hold); break
        case 'hold_ended': this.events.onHoldEnded(effect.id, effect.why); break
      }
    }
  }

  #introduce(): void {
    if (this.#socket?.readyState === WebSocket.OPEN && this.#holdProof) {
      this.#socket.send(JSON.stringify({ t: 'hold', ...this.#holdProof }))
    }
  }

  #later(): void {
    this.#drop()
    if (this.#stopped) return
    this.events.onLink(navigator.onLine ? (this.#poll ? 'polling' : 'connecting') : 'offline')
    if (this.#attempt >= SOCKETS_TRIED_BEFORE_POLLING) this.#startPolling()
    this.#retry = setTimeout(() => this.#connect(), backoffMs(this.#attempt++, Math.random()))
  }

  /** The network or the reader came back: don't let them wait for the timer. */
  #wake = (): void => {
    if (document.visibilityState === 'hidden' || this.#socket) return
    if (this.#retry) clearTimeout(this.#retry)
    this.#connect()
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #startPolling(): void {
    if (this.#poll) return
    this.#poll = setInterval(() => void this.#ask(), POLL_EVERY_MS)
    void this.#ask()
  }

  #stopPolling(): void {
    if (this.#poll) clearInterval(this.#poll)
    this.#poll = null
  }

  async #ask(): Promise<void> {
    const since = this.#position.seq
    try {
      const answer = await call<SeatsWhole | SeatsSince>('GET', `/shows/${this.showId}/seats${since === null ? '' : `?since=${since}`}`)
      if (!this.#poll) return
      const next = stepPolled(this.#position, answer)
      // A gap in a polled answer has no socket to reconnect: the next question asks for the whole.
      if (next.effects.some((effect) => effect.do === 'reconnect')) this.#position = START
      else this.#take(next)
      this.events.onLink('polling')
    } catch {
      this.events.onLink('offline')
    }
  }
}
