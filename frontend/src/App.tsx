import { useEffect, useRef } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { Shell } from './components/Shell'
import { NothingHere } from './components/Trouble'
import { useSpeech } from './i18n'
import { CheckoutPage } from './pages/CheckoutPage'
import { FindOrderPage } from './pages/FindOrderPage'
import { Home } from './pages/Home'
import { OrderPage } from './pages/OrderPage'
import { ProductionPage } from './pages/ProductionPage'
import { RushPage } from './pages/RushPage'
import { SetupPage } from './pages/SetupPage'
import { ShowPage } from './pages/ShowPage'

/** Every address of the page. */
export function App() {
  useTopOfPage()
  return (
    <Switch>
      <Route path="/"><Home /></Route>
      <Route path="/productions/:id">{({ id }) => <ProductionPage id={id} />}</Route>
      <Route path="/shows/:id">{({ id }) => <ShowPage key={id} id={id} />}</Route>
      <Route path="/shows/:id/checkout">{({ id }) => <CheckoutPage key={id} id={id} />}</Route>
      <Route path="/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>
      <Route path="/find-order"><FindOrderPage /></Route>
      <Route path="/rush"><RushPage /></Route>
      <Route path="/setup"><SetupPage /></Route>
      <Route><NotFound /></Route>
    </Switch>
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
