import { Suspense, lazy, useEffect, useRef } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { Shell } from './components/Shell'
import { NothingHere } from './components/Trouble'
import { useSpeech } from './i18n'
import { Waiting } from './ui'
import { CheckoutPage } from './pages/CheckoutPage'
import { FindOrderPage } from './pages/FindOrderPage'
import { Home } from './pages/Home'
import { InvitationPage } from './pages/account/InvitationPage'
import { ForgotPasswordPage, RegisterPage, ResetPasswordPage, VerifyPage } from './pages/account/doors'
import { LoginPage } from './pages/LoginPage'
import { OrderPage } from './pages/OrderPage'
import { ProductionPage } from './pages/ProductionPage'
import { RushPage } from './pages/RushPage'
import { SetupPage } from './pages/SetupPage'
import { ShowPage } from './pages/ShowPage'

// The back office is a room of its own: who buys a ticket doesn't load it.
const AdminShowsPage = lazy(async () => ({ default: (await import('./pages/admin/ShowsPage')).AdminShowsPage }))
const AdminOrdersPage = lazy(async () => ({ default: (await import('./pages/admin/OrdersPage')).AdminOrdersPage }))
const MoneyPage = lazy(async () => ({ default: (await import('./pages/admin/MoneyPage')).MoneyPage }))
const AdminOrderPage = lazy(async () => ({ default: (await import('./pages/admin/OrderPage')).AdminOrderPage }))
const ShowRefundsPage = lazy(async () => ({ default: (await import('./pages/admin/ShowRefunds')).ShowRefundsPage }))
const HousePage = lazy(async () => ({ default: (await import('./pages/admin/HousePage')).HousePage }))
const PricesPage = lazy(async () => ({ default: (await import('./pages/admin/PricesPage')).PricesPage }))
const MailboxPage = lazy(async () => ({ default: (await import('./pages/admin/MailboxPage')).MailboxPage }))

// So are the pages of an account.
const AccountPage = lazy(async () => ({ default: (await import('./pages/account/AccountPage')).AccountPage }))
const SecurityPage = lazy(async () => ({ default: (await import('./pages/account/SecurityPage')).SecurityPage }))
const MyOrdersPage = lazy(async () => ({ default: (await import('./pages/account/OrdersPage')).OrdersPage }))
const DataPage = lazy(async () => ({ default: (await import('./pages/account/DataPage')).DataPage }))
const PeoplePage = lazy(async () => ({ default: (await import('./pages/admin/PeoplePage')).PeoplePage }))
const MachinesPage = lazy(async () => ({ default: (await import('./pages/admin/MachinesPage')).MachinesPage }))
const RecordsPage = lazy(async () => ({ default: (await import('./pages/admin/RecordsPage')).RecordsPage }))

/** Every address of the page. */
export function App() {
  const { t } = useSpeech()
  useTopOfPage()
  return (
    <Suspense fallback={<div className="page"><Waiting label={t.common.loading} /></div>}>
      <Switch>
        <Route path="/"><Home /></Route>
        <Route path="/productions/:id">{({ id }) => <ProductionPage id={id} />}</Route>
        <Route path="/shows/:id">{({ id }) => <ShowPage key={id} id={id} />}</Route>
        <Route path="/shows/:id/checkout">{({ id }) => <CheckoutPage key={id} id={id} />}</Route>
        <Route path="/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>
        <Route path="/find-order"><FindOrderPage /></Route>
        <Route path="/rush"><RushPage /></Route>
        <Route path="/setup"><SetupPage /></Route>
        <Route path="/login"><LoginPage /></Route>
        <Route path="/register"><RegisterPage /></Route>
        <Route path="/verify-email"><VerifyPage /></Route>
        <Route path="/forgot-password"><ForgotPasswordPage /></Route>
        <Route path="/reset-password"><ResetPasswordPage /></Route>
        <Route path="/invitation"><InvitationPage /></Route>
        <Route path="/account"><AccountPage /></Route>
        <Route path="/account/security"><SecurityPage /></Route>
        <Route path="/account/orders"><MyOrdersPage /></Route>
        <Route path="/account/data"><DataPage /></Route>
        <Route path="/admin/people"><PeoplePage /></Route>
        <Route path="/admin/machines"><MachinesPage /></Route>
        <Route path="/admin/records"><RecordsPage /></Route>
        <Route path="/admin"><AdminShowsPage /></Route>
        <Route path="/admin/orders"><AdminOrdersPage /></Route>
        <Route path="/admin/money"><MoneyPage /></Route>
        <Route path="/admin/orders/:id">{({ id }) => <AdminOrderPage key={id} id={id} />}</Route>
        <Route path="/admin/shows/:id/refunds">{({ id }) => <ShowRefundsPage key={id} id={id} />}</Route>
        <Route path="/admin/house"><HousePage /></Route>
        <Route path="/admin/prices"><PricesPage /></Route>
        <Route path="/admin/mailbox"><MailboxPage /></Route>
        <Route path="/admin/mailbox/:id">{({ id }) => <MailboxPage id={id} />}</Route>
        <Route><NotFound /></Route>
      </Switch>
    </Suspense>
  )
}

function NotFound() {
  const { t } = useSpeech()
  return <Shell title={t.errors.notFound}><div className="page"><NothingHere /></div></Shell>
}

/** A new page starts at its top; going back is left to the browser, which remembers where one was. */
function useTopOfPage(): void {
  const [place] = useLocation()
  const popped = useRef(false)
  useEffect(() => {
    const back = () => { popped.current = true }
    window.addEventListener('popstate', back)
    return () => window.removeEventListener('popstate', back)
  }, [])
  useEffect(() => {
    if (!popped.current) window.scrollTo(0, 0)
    popped.current = false
  }, [place])
}
