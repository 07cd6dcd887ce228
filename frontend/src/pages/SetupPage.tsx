import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Link } from 'wouter'
import { Problem, call } from '../api/client'
import type { SetupRequest, User } from '../api/types'
import { Shell } from '../components/Shell'
import { useSpeech } from '../i18n'
import { Button, Notice, SelectField, TextField, buttonClass } from '../ui'
import './forms.css'

const CURRENCIES = ['EUR', 'USD', 'GBP', 'SEK', 'NOK', 'DKK', 'CHF', 'PLN', 'CZK', 'INR', 'JPY', 'AUD', 'CAD']
const zones = (): string[] => Intl.supportedValuesOf('timeZone')

/** Works once, with the link that the server printed: administrator, house, first venue. */
export function SetupPage() {
  const { t, f } = useSpeech()
  const client = useQueryClient()
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)).replace(/^t(oken)?=/, ''))
  const [values, setValues] = useState({ name: '', email: '', password: '', house: '', currency: 'EUR', zone: Intl.DateTimeFormat().resolvedOptions().timeZone, venue: '', city: '', country: '', address: '' })
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle')
  const [failed, setFailed] = useState<unknown>(null)
  const field = (name: keyof typeof values) => ({ value: values[name], error: errorOf(failed, name), onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }) })
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setState('busy')
    setFailed(null)
    const body: SetupRequest = {
      token, administrator: { name: values.name.trim(), email: values.email.trim(), password: values.password }, house: { name: values.house.trim() }, currency: values.currency, time_zone: values.zone,
      venue: { name: values.venue.trim(), city: values.city.trim(), ...(values.country.trim() ? { country: values.country.trim() } : {}), ...(values.address.trim() ? { address: values.address.trim() } : {}) },
    }
    try {
      await call<{ user: User }>('POST', '/setup', body)
      await client.invalidateQueries()
      setState('done')
    } catch (error) {
      setFailed(error)
      setState('idle')
    }
  }
  return (
    <Shell title={t.setup.title}>
      <div className="page">
        {state === 'done' ? (
          <div className="sheet">
            <h1 className="display sheet__title">{t.setup.done}</h1>
            <Link href="/admin" className={buttonClass('lamp')}>{t.setup.toOffice}</Link>
          </div>
        ) : (
          <form className="sheet" onSubmit={(event) => void submit(event)}>
            <h1 className="display sheet__title">{t.setup.title}</h1>
            <p className="prose">{t.setup.intro}</p>
            {!token && <Notice kind="alarm">{t.setup.noToken}</Notice>}
            <fieldset className="sheet__part">
              <legend>{t.setup.you}</legend>
              <TextField label={t.setup.name} autoComplete="name" required {...field('name')} />
              <TextField label={t.setup.email} type="email" autoComplete="username" required {...field('email')} />
              <TextField label={t.setup.password} type="password" autoComplete="new-password" minLength={12} required hint={t.setup.passwordHint} {...field('password')} />
            </fieldset>
            <fieldset className="sheet__part">
              <legend>{t.setup.house}</legend>
              <TextField label={t.setup.houseName} autoComplete="organization" required {...field('house')} />
              <div className="sheet__pair">
                <SelectField label={t.setup.currency} choices={CURRENCIES.map((code) => ({ value: code, label: code }))} {...field('currency')} />
                <SelectField label={t.setup.timeZone} choices={[...new Set([values.zone, ...zones()])].map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }))} {...field('zone')} />
              </div>
            </fieldset>
            <fieldset className="sheet__part">
              <legend>{t.setup.venue}</legend>
              <TextField label={t.setup.venueName} required {...field('venue')} />
              <div className="sheet__pair">
                <TextField label={t.setup.city} required {...field('city')} />
                <TextField label={t.setup.country} {...field('country')} />
              </div>
              <TextField label={t.setup.address} {...field('address')} />
            </fieldset>
            {failed !== null && <Notice kind="alarm">{failed instanceof Problem && failed.code === 'forbidden' ? t.setup.wrongLink : f.problem(failed)}</Notice>}
            <Button type="submit" look="lamp" disabled={state === 'busy' || !token}>{state === 'busy' ? t.basket.working : t.setup.go}</Button>
          </form>
        )}
      </div>
    </Shell>
  )
}

/** Where each of our fields stands in the request. */
const FIELD = { name: 'administrator.name', email: 'administrator.email', password: 'administrator.password', house: 'house.name', currency: 'currency', zone: 'time_zone', venue: 'venue.name', city: 'venue.city', country: 'venue.country', address: 'venue.address' }
function errorOf(failed: unknown, name: keyof typeof FIELD): string | undefined {
  return failed instanceof Problem ? failed.errors.find((one) => one.field === FIELD[name])?.message : undefined
}
