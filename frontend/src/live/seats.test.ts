import { expect, it, vi } from 'vitest'
import { AVAILABLE, BLOCKED, BOOKED, HELD, SeatStore } from './seats'

it('knows each seat after a snapshot and counts what is free', () => {
  const store = new SeatStore()
  expect(store.known).toBe(false)
  store.replace('ahbxa', [{ area: 'floor', available: 3 }])
  expect([0, 1, 2, 3, 4].map((place) => store.code(place))).toEqual([AVAILABLE, HELD, BOOKED, BLOCKED, AVAILABLE])
  expect(store.available).toBe(2)
  expect(store.areaAvailable('floor')).toBe(3)
})

it('tells its listeners exactly the seats that changed', () => {
  const store = new SeatStore()
  store.replace('aaa', [])
  const told = vi.fn()
  const stop = store.subscribe(told)
  store.patch([[0, 'h'], [1, 'a'], [2, 'b']], [])
  expect(told).toHaveBeenCalledWith([0, 2])
  expect(store.available).toBe(1)
  store.patch([[0, 'a']], [['floor', 7]])
  expect(store.available).toBe(2)
  stop()
  store.patch([[0, 'b']], [])
  expect(told).toHaveBeenCalledTimes(2)
})

it('passes over places that the plan has not, and treats unknown letters as not for sale', () => {
  const store = new SeatStore()
  store.replace('a?', [])
  expect(store.code(1)).toBe(BLOCKED)
  store.patch([[9, 'a']], [])
  expect(store.available).toBe(1)
  expect(store.code(9)).toBe(BLOCKED)
})
