/** Keeps a show's seats up to date: carries out what [`link`](./link.ts) says with sockets, timers and questions. */
import { API, call } from '../api/client'
import type { Hold, SeatsSince, SeatsWhole, ShowState } from '../api/types'
import { newLink, turn, type Errand, type Happening, type Link, type LinkState } from './link'
import { parse, type HoldEnd, type Position } from './protocol'
import type { SeatStore } from './seats'

export type LiveEvents = {
  onLink(state: LinkState): void
  onPlan(): void
  onShow(state: ShowState, publicMessage: string | null): void
  onHold(hold: Hold): void
  onHoldEnded(id: string, why: HoldEnd): void
}

type Timer = ReturnType<typeof setTimeout> | undefined

export class LiveConnection {
  #link: Link
  #socket: WebSocket | null = null
  #retry: Timer
  #poll: Timer
  #silence: Timer
  #holdProof: { id: string; token: string } | null = null

  /** `planVersion` is of the plan that the page draws: letters of another one are not shown on it. */
  constructor(readonly showId: string, planVersion: string, readonly store: SeatStore, readonly events: LiveEvents) {
    this.#link = newLink(planVersion, navigator.onLine)
  }

  start(): void {
    window.addEventListener('online', this.#online)
    window.addEventListener('offline', this.#offline)
    document.addEventListener('visibilitychange', this.#visibility)
    this.#happened({ is: 'started' })
  }

  stop(): void {
    window.removeEventListener('online', this.#online)
    window.removeEventListener('offline', this.#offline)
    document.removeEventListener('visibilitychange', this.#visibility)
    for (const timer of [this.#retry, this.#poll, this.#silence]) clearTimeout(timer)
    this.#happened({ is: 'stopped' })
  }

  /** From now on the server also tells what becomes of this hold. */
  watchHold(proof: { id: string; token: string } | null): void {
    this.#holdProof = proof
    this.#introduce()
  }

  #online = (): void => this.#happened({ is: 'online' })
  #offline = (): void => this.#happened({ is: 'offline' })
  #visibility = (): void => {
    if (document.visibilityState === 'visible') this.#happened({ is: 'visible' })
  }

  #happened(happening: Happening): void {
    const { link, errands } = turn(this.#link, happening, Math.random())
    this.#link = link
    for (const errand of errands) this.#run(errand)
  }

  #run(errand: Errand): void {
    switch (errand.do) {
      case 'open': this.#open(errand.socket, errand.position); break
      case 'close': this.#close(); break
      case 'expect_word':
        clearTimeout(this.#silence)
        this.#silence = setTimeout(() => this.#happened({ is: 'silent', socket: errand.socket }), errand.withinMs)
        break
      case 'retry_in':
        clearTimeout(this.#retry)
        this.#retry = setTimeout(() => this.#happened({ is: 'retry_due' }), errand.ms)
        break
      case 'poll_in':
        clearTimeout(this.#poll)
        this.#poll = setTimeout(() => this.#happened({ is: 'poll_due' }), errand.ms)
        break
      case 'ask': void this.#ask(errand.position); break
      case 'link': this.events.onLink(errand.state); break
      case 'replace': this.store.replace(errand.seats, errand.areas); break
      case 'patch': this.store.patch(errand.seats, errand.areas); break
      case 'load_plan': this.events.onPlan(); break
      case 'show': this.events.onShow(errand.state, errand.publicMessage); break
      case 'hold': this.events.onHold(errand.hold); break
      case 'hold_ended': this.events.onHoldEnded(errand.id, errand.why); break
    }
  }

  #open(number: number, position: Position): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${location.host}${API}/shows/${this.showId}/live${query(position)}`)
    this.#socket = socket
    socket.onopen = () => {
      if (socket === this.#socket) this.#introduce()
    }
    socket.onmessage = ({ data }) => this.#happened({ is: 'said', socket: number, message: typeof data === 'string' ? parse(data) : null })
    socket.onclose = () => this.#happened({ is: 'closed', socket: number })
  }

  #close(): void {
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #introduce(): void {
    if (this.#socket?.readyState === WebSocket.OPEN && this.#holdProof) {
      this.#socket.send(JSON.stringify({ t: 'hold', ...this.#holdProof }))
    }
  }

  async #ask(position: Position): Promise<void> {
    try {
      const answer = await call<SeatsWhole | SeatsSince>('GET', `/shows/${this.showId}/seats${query(position)}`)
      this.#happened({ is: 'answered', answer })
    } catch {
      this.#happened({ is: 'unanswered' })
    }
  }
}

function query({ seq, planVersion }: Position): string {
  return `?plan_version=${planVersion}${seq === null ? '' : `&since=${seq}`}`
}
