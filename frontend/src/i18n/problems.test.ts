import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Problem, Unreachable } from '../api/client'
import { formats } from '.'
import { PROBLEMS, isProblemCode } from './problems'

const source = readFileSync('../src/http/error.rs', 'utf8')
const table = source.slice(source.indexOf('codes! {'), source.indexOf('\n}', source.indexOf('codes! {')))
const codes = [...table.matchAll(/^\s+\w+ "(\w+)"/gm)].map((match) => match[1] ?? '')

it('has a sentence for every word that the server refuses with', () => {
  expect(codes.length).toBeGreaterThan(20)
  expect(codes.filter((code) => !isProblemCode(code))).toEqual([])
})

it('says every sentence in every language', () => {
  for (const language of Object.values(PROBLEMS)) for (const words of Object.values(language)) expect(words.length).toBeGreaterThan(8)
})

it('says when to try again, and finds words for what it does not know', () => {
  const { problem } = formats('en')
  expect(problem(new Problem({ status: 503, code: 'busy' }, 3000))).toMatch(/Try again in 3 s/)
  expect(problem(new Problem({ status: 409, code: 'something_newer', detail: 'The lift is stuck.' }))).toBe('The lift is stuck.')
  expect(problem(new Unreachable(null))).toMatch(/does not answer/)
  expect(problem(new TypeError('x'))).toMatch(/does not answer/)
})

it('writes money with its minor units only where there are any', () => {
  expect(formats('en').money({ amount: 4500, currency: 'EUR' })).toBe('€45')
  expect(formats('en').money({ amount: 4550, currency: 'EUR' })).toBe('€45.50')
  expect(formats('en').money({ amount: 4500, currency: 'JPY' })).toBe('JP¥4,500')
})

it('says times where the show is, not where the reader is', () => {
  expect(formats('en').time('2026-11-22T18:30:00Z', 'Europe/Stockholm')).toBe('19:30')
  expect(formats('de').day('2026-11-22T23:30:00Z', 'Europe/Stockholm')).toMatch(/Mo.*23/)
})
