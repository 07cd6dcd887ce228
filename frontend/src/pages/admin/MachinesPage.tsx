import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { ShownOnce } from '../../components/ShownOnce'
import { useForm } from '../../components/useForm'
import { Button, Notice, TextField, Ways } from '../../ui'
import { HouseChoice } from './HouseChoice'
import { Office } from './Office'
import { ACTS, Moment, Paged, Table } from './Paged'
import type { ApiKey, Device, MadeDevice, MadeKey } from './people'
import '../forms.css'
import '../account/account.css'

/** What a key may be made for; the server has the last word. */
export const SCOPES: readonly { value: string; label: string }[] = [
  { value: 'inventory:read', label: 'Read the inventory' },
  { value: 'inventory:hold', label: 'Hold and release places' },
  { value: 'inventory:book', label: 'Book what it holds, and cancel bookings' },
  { value: 'orders:read', label: 'Read the orders' },
]

/** The answer with the secret got lost on its way, and nobody can give it again. */
const LOST = ''

/** Keys of other shops, and scanners at the door. */
export function MachinesPage() {
  const [room, setRoom] = useState<'keys' | 'devices'>('keys')
  return (
    <Office title="Machines">
      <Ways label="Which machines" value={room} onChange={(next: 'keys' | 'devices') => setRoom(next)} ways={[{ value: 'keys', label: 'API keys' }, { value: 'devices', label: 'Scanners' }]} />
      <HouseChoice>{(organizer) => (room === 'keys' ? <Keys key={organizer} organizer={organizer} /> : <Devices key={organizer} organizer={organizer} />)}</HouseChoice>
    </Office>
  )
}

function Keys({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  const [made, setMade] = useState<string | null>(null)
  return (
    <>
      <Once secret={made} what="key" onKept={() => setMade(null)} />
      <Paged<ApiKey> path={`/admin/api-keys?organizer_id=${organizer}`} empty="No keys yet. With one, another shop sells your places and takes the money itself.">
        {(keys) => (
          <Table label="API keys" heads={['Name', 'Begins with', 'May', 'Last used', ACTS]}>
            {keys.map((one) => (
              <tr key={one.id}>
                <td>{one.name}</td><td><code>{one.prefix}</code></td><td>{one.scopes.join(', ')}</td><td><Moment at={one.last_used_at} /></td>
                <td>{one.revoked_at ? 'revoked' : <Confirm label="Revoke" named={`Revoke ${one.name}`} title="Revoke the key" text={<p>Whoever uses “{one.name}” is refused from now on. This cannot be undone.</p>} yes="Revoke" run={async () => { await call('DELETE', `/admin/api-keys/${one.id}`); await again() }} />}</td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <NewKey organizer={organizer} onMade={(key) => { setMade(key); void again() }} />
    </>
  )
}

function NewKey({ organizer, onMade }: { organizer: string; onMade(key: string): void }) {
  const [scopes, setScopes] = useState<string[]>([])
  const { set, field, busy, failed, submit, form } = useForm({ name: '' }, async ({ name }, key) => {
    onMade((await call<MadeKey>('POST', '/admin/api-keys', { organizer_id: organizer, name: name.trim(), scopes }, { key })).key ?? LOST)
    set({ name: '' })
    setScopes([])
  })
  return (
    <form className="sheet" ref={form} onSubmit={submit}>
      <fieldset className="sheet__part">
        <legend>A new key</legend>
        <TextField label="Name" hint="Who uses it: “the town’s ticket shop”." required maxLength={200} {...field('name')} />
        <fieldset className="checks">
          <legend className="field__label">What it may do</legend>
          {SCOPES.map((scope) => (
            <label key={scope.value} className="check"><input type="checkbox" checked={scopes.includes(scope.value)} onChange={(event) => setScopes(event.target.checked ? [...scopes, scope.value] : scopes.filter((one) => one !== scope.value))} />{scope.label}</label>
          ))}
        </fieldset>
        <Refusal error={failed} />
      </fieldset>
      <Button type="submit" look="ink" disabled={busy || scopes.length === 0}>Make the key</Button>
    </form>
  )
}

function Devices({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  const [made, setMade] = useState<string | null>(null)
  const { set, field, busy, failed, submit, form } = useForm({ name: '' }, async ({ name }, key) => {
    setMade((await call<MadeDevice>('POST', '/admin/devices', { organizer_id: organizer, name: name.trim() }, { key })).token ?? LOST)
    set({ name: '' })
    await again()
  })
  return (
    <>
      <Once secret={made} what="token" onKept={() => setMade(null)} />
      <Paged<Device> path={`/admin/devices?organizer_id=${organizer}`} empty="No scanners yet.">
        {(devices) => (
          <Table label="Scanners" heads={['Name', 'Last used', ACTS]}>
            {devices.map((one) => (
              <tr key={one.id}>
                <td>{one.name}</td><td><Moment at={one.last_used_at} /></td>
                <td>{one.revoked_at ? 'revoked' : <Confirm label="Revoke" named={`Revoke ${one.name}`} title="Revoke the scanner" text={<p>“{one.name}” is refused from now on. This cannot be undone.</p>} yes="Revoke" run={async () => { await call('DELETE', `/admin/devices/${one.id}`); await again() }} />}</td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <form className="sheet" ref={form} onSubmit={submit}>
        <fieldset className="sheet__part">
          <legend>A new scanner</legend>
          <TextField label="Name" hint="Which door, which machine." required maxLength={200} {...field('name')} />
          <Refusal error={failed} />
        </fieldset>
        <Button type="submit" look="ink" disabled={busy}>Make the token</Button>
      </form>
    </>
  )
}

/** Shown until it is kept; nobody can show it again. */
function Once({ secret, what, onKept }: { secret: string | null; what: string; onKept(): void }) {
  if (secret === null) return null
  if (secret === LOST) return <Notice kind="alarm">The {what} was made, but the answer got lost, and it is told only once. Revoke it, and make another.</Notice>
  return (
    <div className="sheet">
      <Notice kind="lamp"><strong>This is the {what}. It is shown only now.</strong></Notice>
      <ShownOnce text={secret} />
      <Button look="ink" onClick={onKept}>I have kept it</Button>
    </div>
  )
}
