import { describe, expect, it } from 'vitest'
import type { SeatLetter } from '../api/types'
import { CONNECT_MAX_MS, POLL_EVERY_MS, SILENCE_MAX_MS, newLink, turn, type Errand, type Happening, type Link } from './link'
import type { ServerMessage } from './protocol'

const snapshot = (seq = 41): ServerMessage => ({ t: 'snapshot', plan_version: 'p1', seq, seats: 'aahb', areas: [] })
const delta = (from: number, seq: number): ServerMessage => ({ t: 'delta', from, seq, seats: [[0, 'h']], areas: [] })

/** Plays what happens; remembers the last errands. */
class Page {
  link: Link = newLink('p1', true)
  errands: readonly Errand[] = []
  does(...happened: Happening[]): readonly Errand['do'][] {
    for (const one of happened) {
      const next = turn(this.link, one, 0)
      this.link = next.link
      this.errands = next.errands
    }
    return this.errands.map((errand) => errand.do)
  }
  errand<D extends Errand['do']>(kind: D): Extract<Errand, { do: D }> {
    const found = this.errands.find((errand): errand is Extract<Errand, { do: D }> => errand.do === kind)
    expect(found, `${kind} among ${JSON.stringify(this.errands)}`).toBeDefined()
    return found as Extract<Errand, { do: D }>
  }
}

function live(): Page {
  const page = new Page()
  page.does({ is: 'started' }, { is: 'said', socket: 1, message: snapshot() })
  return page
}

describe('the line to a show', () => {
  it('is live once the map is there, and not when a socket merely opened', () => {
    const page = new Page()
    expect(page.does({ is: 'started' })).toEqual(['link', 'close', 'open', 'expect_word'])
    expect(page.errand('open')).toEqual({ do: 'open', socket: 1, position: { seq: null, planVersion: 'p1' } })
    expect(page.errand('expect_word').withinMs).toBe(CONNECT_MAX_MS)
    page.does({ is: 'said', socket: 1, message: { t: 'show', state: 'published', public_message: null } })
    expect(page.link.shown).toBe('connecting')
    expect(page.does({ is: 'said', socket: 1, message: snapshot() })).toEqual(['expect_word', 'replace', 'link'])
    expect(page.errand('expect_word').withinMs).toBe(SILENCE_MAX_MS)
    expect(page.link.shown).toBe('live')
  })

  it('comes back after a gap with the number that it has, and shows nothing of what came after the gap', () => {
    const page = live()
    expect(page.does({ is: 'said', socket: 1, message: delta(42, 43) })).toEqual(['close', 'retry_in', 'link'])
    expect(page.link.shown).toBe('reconnecting')
    page.does({ is: 'retry_due' })
    expect(page.errand('open')).toEqual({ do: 'open', socket: 2, position: { seq: 41, planVersion: 'p1' } })
    expect(page.does({ is: 'said', socket: 2, message: delta(41, 43) })).toEqual(['expect_word', 'patch', 'link'])
    expect(page.link.position.seq).toBe(43)
  })

  it('does not hear a socket that it gave up', () => {
    const page = live()
    page.does({ is: 'closed', socket: 1 }, { is: 'retry_due' })
    for (const late of [{ is: 'said', socket: 1, message: delta(41, 99) }, { is: 'closed', socket: 1 }, { is: 'silent', socket: 1 }] as const) {
      expect(page.does(late)).toEqual([])
    }
    expect([page.link.position.seq, page.link.socket]).toEqual([41, 2])
  })

  it('gives a silent socket up, because TCP may never notice', () => {
    const page = live()
    expect(page.does({ is: 'silent', socket: 1 })).toEqual(['close', 'retry_in', 'link'])
    expect(page.link.shown).toBe('reconnecting')
  })

  it('waits longer after each socket that came to nothing, asks meanwhile, and goes back to the socket', () => {
    const page = new Page()
    page.does({ is: 'started' }, { is: 'closed', socket: 1 })
    const first = page.errand('retry_in').ms
    expect(page.link.polling).toBe('no')
    expect(page.does({ is: 'retry_due' }, { is: 'closed', socket: 2 })).toEqual(['close', 'retry_in', 'ask'])
    expect(page.errand('retry_in').ms).toBeGreaterThan(first)
    expect(page.does({ is: 'answered', answer: { plan_version: 'p1', seq: 7, seats: 'aaaa', areas: [] } })).toEqual(['replace', 'poll_in', 'link'])
    expect(page.errand('poll_in').ms).toBe(POLL_EVERY_MS)
    expect(page.link.shown).toBe('polling')
    expect(page.does({ is: 'poll_due' })).toEqual(['ask'])
    expect(page.errand('ask').position.seq).toBe(7)
    // A third socket is tried while the answer is on its way; it speaks first, and the answer comes too late.
    page.does({ is: 'retry_due' }, { is: 'said', socket: 3, message: delta(7, 9) })
    expect([page.link.shown, page.link.polling, page.link.failed]).toEqual(['live', 'no', 0])
    expect(page.does({ is: 'answered', answer: { plan_version: 'p1', from: 7, seq: 8, deltas: [[1, 'b']], areas: [] } })).toEqual([])
    expect(page.link.position.seq).toBe(9)
    expect(page.does({ is: 'poll_due' })).toEqual([])
  })

  it('asks for the whole when a polled answer does not go on from what it has', () => {
    const page = live()
    page.does({ is: 'closed', socket: 1 }, { is: 'retry_due' }, { is: 'closed', socket: 2 })
    expect(page.does({ is: 'answered', answer: { plan_version: 'p1', from: 40, seq: 45, deltas: [], areas: [] } })).toEqual(['poll_in'])
    page.does({ is: 'poll_due' })
    expect(page.errand('ask').position.seq).toBeNull()
  })

  it('says so when not even questions are answered', () => {
    const page = live()
    page.does({ is: 'closed', socket: 1 }, { is: 'retry_due' }, { is: 'closed', socket: 2 })
    expect(page.does({ is: 'unanswered' })).toEqual(['poll_in', 'link'])
    expect(page.link.shown).toBe('offline')
  })

  it('does not wait for a timer when the network or the reader comes back', () => {
    const page = live()
    page.does({ is: 'offline' })
    expect(page.link.shown).toBe('offline')
    expect(page.does({ is: 'online' })).toContain('open')
    page.does({ is: 'closed', socket: 2 })
    expect(page.does({ is: 'visible' })).toContain('open')
    expect(page.does({ is: 'visible' }), 'one at a time').toEqual([])
    expect(page.does({ is: 'retry_due' }), 'the old timer').toEqual([])
  })

  it('loads another plan, ever more patiently, until the page draws it', () => {
    const page = live()
    const waits = [2, 3, 4].map((socket) => {
      expect(page.does({ is: 'said', socket: socket - 1, message: { t: 'plan' } })).toEqual(expect.arrayContaining(['load_plan', 'close', 'retry_in']))
      const { ms } = page.errand('retry_in')
      page.does({ is: 'retry_due' })
      expect(page.errand('open').position).toEqual({ seq: null, planVersion: 'p1' })
      return ms
    })
    expect(waits).toEqual([...waits].sort((one, other) => one - other))
    expect(new Set(waits).size).toBe(3)
  })

  it('says nothing and does nothing once stopped', () => {
    const page = live()
    expect(page.does({ is: 'stopped' })).toEqual(['close'])
    for (const late of [{ is: 'said', socket: 1, message: delta(41, 42) }, { is: 'retry_due' }, { is: 'online' }, { is: 'poll_due' }, { is: 'closed', socket: 1 }] as const) {
      expect(page.does(late)).toEqual([])
    }
  })
})

/** Chance with a seed (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A show of eight seats whose every map is remembered, and a page whose network loses, cuts, delays and repeats. */
function storm(seed: number): void {
  const chance = chanceOf(seed)
  const below = (bound: number) => Math.floor(chance() * bound)
  const letters: SeatLetter[] = ['a', 'h', 'b', 'x']
  const truth = ['aaaaaaaa']
  const change = () => {
    const seats = [...(truth.at(-1) as string)]
    seats[below(8)] = letters[below(4)] as SeatLetter
    truth.push(seats.join(''))
  }
  const since = (from: number) => {
    const to = truth.length - 1
    const now = truth[to] as string
    return { from, seq: to, deltas: [...now].map((letter, place): [number, SeatLetter] => [place, letter as SeatLetter]) }
  }
  const whole = () => ({ plan_version: 'p1', seq: truth.length - 1, seats: truth.at(-1) as string, areas: [] })

  let link = newLink('p1', true)
  let shown: string[] = []
  let retry = false
  let poll = false
  let asked: number | null | undefined
  let open: { socket: number; told: number } | null = null
  const onTheWay: Happening[] = []
  const happen = (happened: Happening) => {
    const next = turn(link, happened, chance())
    link = next.link
    for (const errand of next.errands) {
      if (errand.do === 'open') {
        open = { socket: errand.socket, told: truth.length - 1 }
        const have = errand.position.seq
        const message: ServerMessage = have === null ? { t: 'snapshot', ...whole() }
          : have === truth.length - 1 ? { t: 'alive', seq: have } : { t: 'delta', ...since(have), seats: since(have).deltas, areas: [] }
        onTheWay.push({ is: 'said', socket: errand.socket, message })
      } else if (errand.do === 'close') open = null
      else if (errand.do === 'retry_in') retry = true
      else if (errand.do === 'poll_in') poll = true
      else if (errand.do === 'ask') asked = errand.position.seq
      else if (errand.do === 'replace') shown = [...errand.seats]
      else if (errand.do === 'patch') for (const [place, letter] of errand.seats) shown[place] = letter
    }
    const { seq } = link.position
    if (seq !== null && shown.join('') !== truth[seq]) throw new Error(`seed ${seed} shows ${shown.join('')} at ${seq}, where it was ${truth[seq]}`)
  }
  const tell = () => {
    if (!open) return
    const { socket, told } = open
    const seq = truth.length - 1
    const message: ServerMessage = seq === told ? { t: 'alive', seq } : { t: 'delta', from: told, seq, seats: since(told).deltas, areas: [] }
    open = { socket, told: seq }
    onTheWay.push({ is: 'said', socket, message })
  }
  const answer = () => {
    if (asked === undefined) return
    const have = asked
    asked = undefined
    onTheWay.push({ is: 'answered', answer: have === null || below(5) === 0 ? whole() : { plan_version: 'p1', areas: [], ...since(have) } })
  }
  happen({ is: 'started' })
  for (let tick = 0; tick < 400; tick++) {
    const kind = below(12)
    if (kind < 4) change()
    else if (kind < 6) tell()
    else if (kind === 6) answer()
    else if (kind === 7 && retry) { retry = false; happen({ is: 'retry_due' }) }
    else if (kind === 8 && poll) { poll = false; happen({ is: 'poll_due' }) }
    else if (kind === 9) happen([{ is: 'online' }, { is: 'visible' }, { is: 'offline' }, { is: 'unanswered' }][below(4)] as Happening)
    else if (kind === 10 && open) happen({ is: below(2) ? 'closed' : 'silent', socket: (open as { socket: number }).socket })
    else {
      // Delivered, lost or twice. One socket's words keep their order; an answer may overtake.
      const next = onTheWay.shift()
      const fate = below(4)
      if (next && fate > 0) happen(next)
      if (next && fate > 2) happen(next)
    }
  }
  // Calm: everything arrives, timers fire, the server says that it is alive.
  for (let round = 0; round < 8; round++) {
    answer()
    tell()
    while (onTheWay.length > 0) happen(onTheWay.shift() as Happening)
    if (retry) { retry = false; happen({ is: 'retry_due' }) }
    if (poll) { poll = false; happen({ is: 'poll_due' }) }
  }
  expect([link.position.seq, shown.join('')], `seed ${seed}`).toEqual([truth.length - 1, truth.at(-1)])
}

it('always ends with the true map, and never shows one that was not, whatever the network does', () => {
  for (let seed = 1; seed <= 200; seed++) storm(seed)
})
