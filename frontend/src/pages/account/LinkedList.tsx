import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { newKey } from '../../api/client'
import { link, readLinked, unlink, type Provider } from '../../api/factors'
import { Confirm } from '../../components/Confirm'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Waiting } from '../../ui'
import { OauthFailed } from './OauthFailed'
import { useProviders } from './providers'
import { PasswordAgain, Removal } from './TwoStep'

/** Accounts elsewhere by which one signs in here. */
export function LinkedList() {
  const { t } = useSpeech()
  const words = t.account.linked
  const client = useQueryClient()
  const providers = useProviders().data ?? []
  const linked = useQuery({ queryKey: ['me', 'linked'], queryFn: ({ signal }) => readLinked(signal) })
  if (linked.isPending) return <Waiting label={t.common.loading} />
  if (linked.isError) return <Trouble part error={linked.error} again={() => void linked.refetch()} />
  const nameOf = (id: string) => providers.find((one) => one.id === id)?.name ?? id
  const free = providers.filter((one) => !linked.data.some((other) => other.provider === one.id))
  return (
    <>
      <OauthFailed />
      {linked.data.length === 0 && <p className="soft">{words.none}</p>}
      {linked.data.length > 0 && (
        <ul className="things">
          {linked.data.map((one) => (
            <li key={one.id} className="things__one">
              <div className="things__words"><p className="things__name">{nameOf(one.provider)}</p>{one.email && <p className="soft small">{one.email}</p>}</div>
              <Removal label={words.remove} named={words.removeNamed(nameOf(one.provider))} text={words.removeText(nameOf(one.provider))} run={async (proof, key) => { await unlink(one.id, proof, key); await client.invalidateQueries({ queryKey: ['me', 'linked'] }) }} />
            </li>
          ))}
        </ul>
      )}
      <div className="secret__acts">{free.map((one) => <Connect key={one.id} provider={one} />)}</div>
    </>
  )
}

/** Asks for the password, because whoever is connected signs in; then the browser goes to the other house and comes back. */
function Connect({ provider }: { provider: Provider }) {
  const { t } = useSpeech()
  const words = t.account.linked
  const [password, setPassword] = useState('')
  const go = async () => location.assign((await link(provider.id, { password, next: '/account/security' }, newKey())).url)
  return (
    <Confirm label={words.connect(provider.name)} look="line" title={words.connect(provider.name)} text={<p>{words.text(provider.name)}</p>} yes={words.connect(provider.name)} words={{ forbidden: t.account.profile.wrongPassword }} run={go}>
      <PasswordAgain value={password} onChange={(event) => setPassword(event.target.value)} />
    </Confirm>
  )
}
