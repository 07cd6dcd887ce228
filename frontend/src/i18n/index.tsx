/** The language of the page, and how it writes money and time. */
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react'
import { Problem, Unreachable } from '../api/client'
import type { Money } from '../api/types'
import { de } from './de'
import { en, type Messages } from './en'
import { PROBLEMS, isProblemCode } from './problems'

export const LANGUAGES = { en, de } satisfies Record<string, Messages>
export type Language = keyof typeof LANGUAGES
const STORED = 'aisle.language'

export type Formats = {
  money(money: Money): string
  /** "Fri 27 Nov" */
  day(iso: string, zone?: string | null): string
  /** "Friday, 27 November 2026" */
  longDay(iso: string, zone?: string | null): string
  time(iso: string, zone?: string | null): string
  weekday(iso: string, zone?: string | null): string
  dayNumber(iso: string, zone?: string | null): string
  month(iso: string, zone?: string | null): string
  number(value: number): string
  languageName(code: string): string
  /** A sentence for whatever was thrown. */
  problem(error: unknown): string
  /** The same without the time to wait. */
  problemOnly(error: unknown): string
}
type Speech = { language: Language; t: Messages; f: Formats; speak(language: Language): void }

const Context = createContext<Speech | null>(null)

export function firstLanguage(): Language {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(STORED)
  } catch {
    // Storage is forbidden; the browser's own wish decides.
  }
  for (const wish of [stored, ...navigator.languages]) {
    const code = wish?.slice(0, 2).toLowerCase()
    if (code && Object.hasOwn(LANGUAGES, code)) return code as Language
  }
  return 'en'
}

export function formats(language: Language): Formats {
  // British order of day and month suits both a house in Europe and a reader elsewhere: the month is always a word.
  const locale = language === 'en' ? 'en-GB' : language
  const date = (options: Intl.DateTimeFormatOptions) => (iso: string, zone?: string | null) => new Intl.DateTimeFormat(locale, { ...options, timeZone: zone ?? undefined }).format(new Date(iso))
  return {
    money: ({ amount, currency }) => money(locale, amount, currency),
    day: date({ weekday: 'short', day: 'numeric', month: 'short' }),
    longDay: date({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: date({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    weekday: date({ weekday: 'short' }),
    dayNumber: date({ day: 'numeric' }),
    month: date({ month: 'short' }),
    number: (value) => new Intl.NumberFormat(locale).format(value),
    languageName: (code) => {
      try {
        return new Intl.DisplayNames(locale, { type: 'language' }).of(code) ?? code
      } catch {
        return code
      }
    },
    problem: (error) => waiting(language, error),
    problemOnly: (error) => sentence(language, error),
  }
}

function money(locale: string, amount: number, currency: string): string {
  try {
    const digits = new Intl.NumberFormat(locale, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    const whole = amount % 10 ** digits === 0
    return new Intl.NumberFormat(locale, { style: 'currency', currency, minimumFractionDigits: whole ? 0 : digits }).format(amount / 10 ** digits)
  } catch {
    return `${(amount / 100).toFixed(2)} ${currency}`
  }
}

function sentence(language: Language, error: unknown): string {
  const t = LANGUAGES[language]
  if (error instanceof Unreachable) return t.errors.unreachable
  if (!(error instanceof Problem)) return t.errors.unreachable
  const known = isProblemCode(error.code) ? PROBLEMS[language][error.code] : null
  return known ?? (error.message || PROBLEMS[language].unknown)
}

function waiting(language: Language, error: unknown): string {
  const said = sentence(language, error)
  return error instanceof Problem && error.retryAfterMs ? `${said} ${LANGUAGES[language].errors.retryIn(Math.ceil(error.retryAfterMs / 1000))}` : said
}

export function Speaking({ children, language: fixed }: { children: ReactNode; language?: Language }) {
  const [language, setLanguage] = useState<Language>(fixed ?? firstLanguage)
  const speech = useMemo<Speech>(() => ({
    language, t: LANGUAGES[language], f: formats(language),
    speak: (next) => {
      try {
        localStorage.setItem(STORED, next)
      } catch {
        // As above.
      }
      document.documentElement.lang = next
      setLanguage(next)
    },
  }), [language])
  return <Context.Provider value={speech}>{children}</Context.Provider>
}

export function useSpeech(): Speech {
  const speech = useContext(Context)
  if (!speech) throw new Error('useSpeech outside of Speaking')
  return speech
}
