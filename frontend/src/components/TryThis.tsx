import { Link } from 'wouter'
import { useProduction } from '../api/queries'
import { useSpeech } from '../i18n'
import { buttonClass } from '../ui'
import './trythis.css'

/** Three things to do in a demonstration house. `showOf` is a production with a date on sale. */
export function TryThis({ showOf }: { showOf: string | undefined }) {
  return (
    <section className="dark try" aria-labelledby="try-title">
      {showOf ? <WithShow production={showOf} /> : <Cards show={undefined} />}
    </section>
  )
}

function WithShow({ production }: { production: string }) {
  const shows = useProduction(production).data?.shows
  const show = shows?.find((one) => one.state === 'published' && one.availability !== 'sold_out') ?? shows?.[0]
  return <Cards show={show?.id} />
}

function Cards({ show }: { show: string | undefined }) {
  const { t } = useSpeech()
  const map = show ? `/shows/${show}` : '/'
  return (
    <div className="page try__inside">
      <div className="try__intro">
        <h2 id="try-title" className="display try__title">{t.demo.title}</h2>
        <p className="soft try__text">{t.demo.intro}</p>
      </div>
      <ul className="try__cards">
        <li className="try__card">
          <h3 className="try__name">{t.demo.buy}</h3>
          <p className="soft try__text">{t.demo.buyText}</p>
          <Link href={map} className={buttonClass('line', true)}>{t.demo.buyGo}</Link>
        </li>
        <li className="try__card">
          <h3 className="try__name">{t.demo.watch}</h3>
          <p className="soft try__text">{t.demo.watchText}</p>
          <a href={map} target="_blank" rel="noreferrer" className={buttonClass('line', true)}>{t.demo.watchGo}</a>
        </li>
        <li className="try__card">
          <h3 className="try__name">{t.demo.rush}</h3>
          <p className="soft try__text">{t.demo.rushText}</p>
          <Link href="/rush" className={buttonClass('lamp', true)}>{t.demo.rushGo}</Link>
        </li>
      </ul>
    </div>
  )
}
