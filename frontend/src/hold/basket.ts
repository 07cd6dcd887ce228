/**
 * The basket of one show: what the buyer has chosen, and the hold that keeps it for them. The server decides; this remembers what
 * was asked, so that asking again is asking the same.
 */
import { Problem, isUncertain, newKey } from '../api/client'
import type { AreaQuantity, BestAvailable, Hold, HoldRequest } from '../api/types'
import type { HoldEnd } from '../live/protocol'
import { holdApi, type HoldApi } from './api'
import { leaseFrom, leftMs, type Lease } from './lease'
import { changeRecord, forgetRecord, onRecordElsewhere, orderToken, readRecord, rememberOrder } from './record'

export type Task = 'looking' | 'holding' | 'changing' | 'extending' | 'releasing' | 'reopening'
export type BasketState = {
  /** What runs at the moment; buttons wait for it. */
  task: Task | null
  /** Seats chosen and not held yet, by guid, in the order they were chosen. */
  chosen: readonly string[]
  areas: readonly AreaQuantity[]
  hold: Hold | null
  lease: Lease | null
  /** Seats of the last request that went to somebody else. */
  lost: readonly string[]
  /** How the last hold ended; told until the buyer chooses again. */
  ended: HoldEnd | null
  /** The order of a hold that was booked or is being paid. */
  order: string | null
  /** The last refusal or failure, until the next step. */
  error: unknown
  /** True where the last request may or may not have arrived: asking again is safe and says which. */
  uncertain: boolean
}

const EMPTY: BasketState = { task: null, chosen: [], areas: [], hold: null, lease: null, lost: [], ended: null, order: null, error: null, uncertain: false }

export type BasketOptions = { api?: HoldApi; now?: () => number }

export class Basket {
  #state = EMPTY
  #listeners = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #stops: (() => void)[] = []
  #leaving = false
  #code = ''
  readonly #api: HoldApi
  readonly #now: () => number

  constructor(readonly show: string, options: BasketOptions = {}) {
    this.#api = options.api ?? holdApi
    this.#now = options.now ?? (() => performance.now())
  }

  get state(): BasketState { return this.#state }
  get token(): string | null { return readRecord(this.show).hold?.token ?? null }

  /** The access code that new holds are asked for with; empty is none. */
  useCode(code: string): void { this.#code = code.trim() }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Picks up what this browser left behind, and watches for other tabs and for the way back from the payment page. */
  start(): void {
    const look = () => { if (!this.#leaving) void this.resume('look') }
    const restored = (event: PageTransitionEvent) => {
      if (!event.persisted) return
      this.#leaving = false
      void this.resume('reopen')
    }
    const awake = () => { if (document.visibilityState === 'visible' && this.#state.hold && !this.#state.task) look() }
    window.addEventListener('pageshow', restored)
    document.addEventListener('visibilitychange', awake)
    this.#stops.push(
      () => window.removeEventListener('pageshow', restored),
      () => document.removeEventListener('visibilitychange', awake),
      onRecordElsewhere(this.show, look),
    )
    void this.resume('reopen')
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop()
    if (this.#timer) clearTimeout(this.#timer)
  }

  /** The page goes to the payment: from now on nothing here may take the hold back, until the page is shown again. */
  leave(): void { this.#leaving = true }
  /** It stays after all. */
  stay(): void { this.#leaving = false }

  /**
   * Asks the server what has become of the hold we remember. A hold that is paying is opened again only with `reopen`, when the
   * buyer opens the page: a look from a second tab must not end the payment in the first.
   */
  async resume(then: 'reopen' | 'look'): Promise<void> {
    // What runs already ends by saying how things stand.
    if (this.#state.task) return
    const record = readRecord(this.show)
    if (record.asking) {
      this.#set({ chosen: record.asking.body.seats ?? [], areas: record.asking.body.areas ?? [] })
      await this.#ask(record.asking)
      return
    }
    const kept = record.hold
    if (!kept) {
      if (this.#state.hold) this.#set({ ...EMPTY })
      return
    }
    await this.#run('looking', async () => {
      const hold = await this.#api.get(this.show, kept.id, kept.token)
      if (hold.state === 'paying' && then === 'reopen') await this.#reopen(hold)
      else this.#keep(hold)
    })
  }

  toggle(seat: string): void {
    const { hold, chosen, task } = this.#state
    if (task) return
    if (hold) {
      const remove = hold.seats.includes(seat)
      void this.#change(remove ? [] : [seat], remove ? [seat] : [])
      return
    }
    this.#set({ chosen: chosen.includes(seat) ? chosen.filter((one) => one !== seat) : [...chosen, seat], lost: [], ended: null, error: null, uncertain: false })
  }

  setArea(area: string, quantity: number): void {
    if (this.#state.task) return
    if (this.#state.hold) void this.#change([], [], { area, quantity })
    else this.#set({ areas: withArea(this.#state.areas, area, quantity), ended: null, error: null, uncertain: false })
  }

  clear(): void {
    if (this.#state.hold) void this.release()
    else this.#set({ ...EMPTY })
  }

  /** Holds what is chosen. */
  async hold(accessCode?: string): Promise<void> {
    const { chosen, areas } = this.#state
    const body: HoldRequest = {
      ...(chosen.length > 0 ? { seats: [...chosen] } : {}),
      ...(areas.length > 0 ? { areas: [...areas] } : {}),
      ...(accessCode ? { access_code: accessCode } : {}),
    }
    await this.#askAnew(body)
  }

  /** Lets the house choose. */
  async holdBest(best: BestAvailable, accessCode?: string): Promise<void> {
    const { areas } = this.#state
    this.#set({ chosen: [] })
    await this.#askAnew({ best_available: best, ...(areas.length > 0 ? { areas: [...areas] } : {}), ...(accessCode ? { access_code: accessCode } : {}) })
  }

  /** Repeats a request whose answer was lost. */
  async askAgain(): Promise<void> {
    await this.resume('look')
  }

  async extend(): Promise<void> {
    const kept = readRecord(this.show).hold
    if (!kept || this.#state.task) return
    await this.#run('extending', async () => this.#keep(await this.#api.extend(this.show, kept.id, kept.token)))
  }

  async release(): Promise<void> {
    const kept = readRecord(this.show).hold
    if (!kept || this.#state.task) return
    await this.#run('releasing', async () => {
      await this.#api.release(this.show, kept.id, kept.token)
      this.#end(null)
    })
  }

  /** Chosen seats that somebody else got before they were asked for. */
  lose(seats: readonly string[]): void {
    if (this.#state.task || this.#state.hold) return
    this.#set({ lost: [...seats], chosen: this.#state.chosen.filter((seat) => !seats.includes(seat)), error: null })
  }

  takeLive(hold: Hold): void {
    if (hold.id !== readRecord(this.show).hold?.id || this.#state.task) return
    // A hold that pays because of another tab is that tab's business; only opening the page brings it back.
    if (hold.state === 'paying') this.#set({ hold, lease: null })
    else this.#keep(hold)
  }

  takeEnded(id: string, why: HoldEnd): void {
    if (id === readRecord(this.show).hold?.id && this.#state.task !== 'releasing') this.#end(why)
  }

  async #askAnew(wanted: HoldRequest): Promise<void> {
    if (this.#state.task) return
    const body = this.#code === '' ? wanted : { ...wanted, access_code: this.#code }
    const asking = { key: newKey(), body }
    changeRecord(this.show, { asking, hold: undefined, ordering: undefined, order: undefined })
    await this.#ask(asking)
  }

  async #ask(asking: { key: string; body: HoldRequest }): Promise<void> {
    await this.#run('holding', async () => {
      try {
        const hold = await this.#api.create(this.show, asking.body, asking.key)
        changeRecord(this.show, { asking: undefined, hold: { id: hold.id, token: hold.token ?? '' } })
        this.#keep(hold)
      } catch (error) {
        if (!isUncertain(error)) changeRecord(this.show, { asking: undefined })
        throw error
      }
    })
  }

  async #change(add: string[], remove: string[], area?: AreaQuantity): Promise<void> {
    const kept = readRecord(this.show).hold
    const hold = this.#state.hold
    if (!kept || !hold) return
    const nothingLeft = hold.seats.length + add.length === remove.length && (area ? withArea(hold.areas, area.area, area.quantity) : hold.areas).length === 0
    if (nothingLeft) {
      await this.release()
      return
    }
    this.#set({ chosen: add })
    await this.#run('changing', async () => this.#keep(await this.#api.patch(this.show, kept.id, kept.token, { add, remove, ...(area ? { areas: [area] } : {}) })))
    this.#set({ chosen: [] })
  }

  async #reopen(hold: Hold): Promise<void> {
    const record = readRecord(this.show)
    this.#set({ task: 'reopening', hold, lease: null })
    let order = record.order
    if (!order && record.ordering) {
      // The order was asked for and the answer lost: asking again with the same key says which order it was.
      const answer = await this.#api.order(record.ordering.body, record.ordering.key)
      order = answer.order.id
      rememberOrder(order, answer.order.token ?? '')
      changeRecord(this.show, { order, ordering: undefined })
    }
    const token = order ? orderToken(order) : null
    if (!order || !token) {
      this.#set({ hold, lease: null, order: order ?? null })
      return
    }
    this.#set({ order })
    const holds = await this.#api.reopen(order, token)
    const open = holds.find((one) => one.id === hold.id)
    changeRecord(this.show, { order: undefined, ordering: undefined })
    if (open) this.#keep(open)
  }

  #keep(hold: Hold): void {
    const lease = hold.expires_in_ms === null ? null : leaseFrom(hold.expires_in_ms, this.#now(), hold.paused)
    this.#set({ hold, lease, chosen: [], areas: hold.areas, ended: null, order: null })
    this.#arm()
  }

  #end(why: HoldEnd | null): void {
    const order = readRecord(this.show).order ?? this.#state.order
    const had = this.#state.hold
    forgetRecord(this.show)
    // Seats of a lapsed hold stay chosen, so that one press asks for them again.
    const again = why === 'lapsed' && had ? had.seats : []
    this.#set({ ...EMPTY, chosen: again, areas: why === 'lapsed' && had ? had.areas : [], ended: why, order })
  }

  async #run(task: Task, work: () => Promise<void>): Promise<void> {
    this.#set({ task, error: null, lost: [], uncertain: false })
    try {
      await work()
      this.#set({ task: null })
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#set({ task: null, error, uncertain: isUncertain(error) })
    if (!(error instanceof Problem)) return
    switch (error.code) {
      case 'hold_lapsed':
        this.#end('lapsed')
        break
      case 'hold_not_open':
        this.#end('booked')
        break
      case 'hold_token_invalid':
      case 'not_found':
        this.#end(null)
        break
      case 'seats_taken':
        // All or nothing: none is held. What is left stays chosen; what was lost is named.
        this.#set({ lost: error.seats, chosen: this.#state.hold ? [] : this.#state.chosen.filter((seat) => !error.seats.includes(seat)) })
        break
      default:
        break
    }
  }

  /** At the deadline the server is asked: it alone knows whether the hold is over. */
  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    const { lease } = this.#state
    // A paused show says when it goes on.
    if (lease && lease.standsAt === undefined) this.#timer = setTimeout(() => void this.resume('look'), leftMs(lease, this.#now()) + 250)
  }

  #set(part: Partial<BasketState>): void {
    this.#state = { ...this.#state, ...part }
    for (const listener of this.#listeners) listener()
  }
}

function withArea(areas: readonly AreaQuantity[], area: string, quantity: number): AreaQuantity[] {
  const others = areas.filter((one) => one.area !== area)
  return quantity > 0 ? [...others, { area, quantity }] : others
}
