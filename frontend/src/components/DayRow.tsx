/** The next fourteen days as a row of seats, with an aisle between the weeks. A day with shows is a full seat. */
import { useMemo } from 'react'
import { useComingShows, daySpan } from '../api/queries'
import { useSpeech } from '../i18n'
import './dayrow.css'

const DAYS = 14

export const dayKey = (moment: Date, zone?: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(moment)

type Props = { value: string | undefined; onChange(day: string | undefined): void }

export function DayRow({ value, onChange }: Props) {
  const { t, f } = useSpeech()
  const today = dayKey(new Date())
  const days = useMemo(() => daysFrom(today), [today])
  const shows = useComingShows(daySpan(today).from, daySpan(days.at(-1) ?? today).to)
  const counts = new Map<string, number>()
  for (const show of shows.data?.items ?? []) {
    const key = dayKey(new Date(show.starts_at), show.time_zone)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return (
    <div className="days" role="group" aria-label={t.home.days}>
      {days.map((day, no) => {
        const noon = `${day}T12:00:00`
        const count = counts.get(day) ?? 0
        // The aisle is where one week ends and the next begins.
        const aisle = no > 0 && new Date(noon).getDay() === 1
        return (
          <button
            key={day} type="button" className={`day${count > 0 ? ' day--playing' : ''}${aisle ? ' day--aisle' : ''}`} aria-pressed={value === day}
            aria-label={`${f.longDay(noon)}: ${shows.data ? t.home.dayHas(count) : ''}`} onClick={() => onChange(value === day ? undefined : day)}
          >
            <span className="day__name">{f.weekday(noon).slice(0, 2)}</span>
            <span className="day__number">{f.dayNumber(noon)}</span>
          </button>
        )
      })}
    </div>
  )
}

function daysFrom(today: string): string[] {
  const [year = 1970, month = 1, day = 1] = today.split('-').map(Number)
  return Array.from({ length: DAYS }, (_, no) => dayKey(new Date(year, month - 1, day + no, 12)))
}
