import { expect, it } from 'vitest'
import { keyOf, minorUnits, momentAt } from './api'

it('reads a time as it is at the venue, in winter and in summer', () => {
  expect(momentAt('2026-11-27T19:30', 'Europe/Stockholm')).toBe('2026-11-27T18:30:00.000Z')
  expect(momentAt('2026-07-01T19:30', 'Europe/Stockholm')).toBe('2026-07-01T17:30:00.000Z')
  expect(momentAt('2026-07-01T00:15', 'America/New_York')).toBe('2026-07-01T04:15:00.000Z')
  // The evening after the clocks went back: the offset is already the new one.
  expect(momentAt('2026-10-25T19:00', 'Europe/Berlin')).toBe('2026-10-25T18:00:00.000Z')
})

it('reads prices as people type them', () => {
  expect([minorUnits('45', 'EUR'), minorUnits('45,50', 'EUR'), minorUnits(' 45.5 ', 'EUR'), minorUnits('4500', 'JPY'), minorUnits('0', 'EUR')]).toEqual([4500, 4550, 4550, 4500, 0])
  expect([minorUnits('', 'EUR'), minorUnits('-1', 'EUR'), minorUnits('ten', 'EUR')]).toEqual([null, null, null])
})

it('makes keys of names', () => {
  expect(keyOf('Circle front', 0)).toBe('circle-front')
  expect(keyOf('Rang Süd', 0)).toBe('rang-sud')
  expect(keyOf('…', 2)).toBe('level-3')
})
