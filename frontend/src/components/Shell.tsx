import { useEffect, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useSite } from '../api/queries'
import { LANGUAGES, useSpeech, type Language } from '../i18n'
import { isStaff, useMeIfAny, useSignOut } from './session'
import { Menu } from '../ui'
import { Mark } from './Mark'
import './shell.css'

type Props = { dark?: boolean; children: ReactNode; title: string; bare?: boolean; fixed?: boolean }

/** Every page stands in this: the head, the room, the foot. `dark` is the auditorium; `bare` leaves the foot away, `fixed` fills the window exactly. */
export function Shell({ dark = false, bare = false, fixed = false, title, children }: Props) {
  const { t } = useSpeech()
  const house = useSite().data?.name ?? 'Aisle'
  const [place] = useLocation()
  useEffect(() => {
    document.title = title ? `${title} – ${house}` : house
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#1B1022' : '#EFEDF1')
    document.documentElement.classList.toggle('lights-down', dark)
  }, [title, house, dark])
  return (
    <div className={`shell${dark ? ' dark shell--dark' : ''}${fixed ? ' shell--fixed' : ''}`}>
      <a className="skip" href="#main">{t.common.skip}</a>
      <header className="head page">
        <Link href="/" className="head__house" aria-current={place === '/' ? 'page' : undefined}>
          <Mark />
          <span className="head__name">{house}</span>
        </Link>
        <nav className="head__nav" aria-label={t.nav.menu}>
          <Link href="/find-order" className="head__link head__link--wide">{t.nav.findOrder}</Link>
          <Whoever />
          <Tongue />
        </nav>
      </header>
      <Offline />
      <main id="main" className="shell__main">{children}</main>
      {!bare && <Foot />}
    </div>
  )
}

/** Who is signed in, with what is theirs; or the way in. */
function Whoever() {
  const words = useSpeech().t.account.menu
  const me = useMeIfAny().data
  const leave = useSignOut()
  const { t } = useSpeech()
  const [place] = useLocation()
  if (!me) return <Link href="/login" className="head__link" aria-current={place === '/login' ? 'page' : undefined}>{words.signIn}</Link>
  return (
    <Menu label={words.open} note={me.name} at={place}>
      <Link href="/account">{words.account}</Link>
      <Link href="/account/orders">{words.orders}</Link>
      <Link href="/account/security">{words.security}</Link>
      {isStaff(me) && <Link href="/admin">{t.nav.backOffice}</Link>}
      <button type="button" onClick={() => void leave()}>{words.out}</button>
    </Menu>
  )
}

function Tongue() {
  const { language, speak } = useSpeech()
  const other = (Object.keys(LANGUAGES) as Language[]).filter((one) => one !== language)
  return other.map((one) => (
    <button key={one} type="button" lang={one} className="head__tongue" aria-label={`${one.toUpperCase()}, ${LANGUAGES[one].language}`} onClick={() => speak(one)}>{one.toUpperCase()}</button>
  ))
}

function Offline() {
  const { t } = useSpeech()
  const [online, setOnline] = useState(() => navigator.onLine)
  useEffect(() => {
    const tell = () => setOnline(navigator.onLine)
    window.addEventListener('online', tell)
    window.addEventListener('offline', tell)
    return () => {
      window.removeEventListener('online', tell)
      window.removeEventListener('offline', tell)
    }
  }, [])
  return online ? null : <p className="offline" role="status">{t.errors.offline}</p>
}

function Foot() {
  const { t } = useSpeech()
  const site = useSite().data
  return (
    <footer className="foot">
      <div className="page foot__line">
        <p>{site && `${site.name} · `}{t.common.allIn}</p>
        <p className="foot__links">
          <Link href="/find-order">{t.nav.findOrder}</Link>
          {site?.demo && <Link href="/rush">{t.demo.rush}</Link>}
          {site?.demo && <Link href="/admin/mailbox">{t.demo.mailbox}</Link>}
          <Link href="/admin">{t.nav.backOffice}</Link>
          <span>{t.footer.source}</span>
        </p>
      </div>
    </footer>
  )
}
