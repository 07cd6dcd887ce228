import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { Button, Notice } from '../../ui'
import { read } from './people'
import '../forms.css'

type Rule = { mfa_required_for_admins: boolean }
const PATH = '/admin/site/mfa'

/** Whether administrators must sign in with a second step. Who asks it of all has one. */
export function AdminStepRule() {
  const client = useQueryClient()
  const rule = useQuery({ queryKey: ['admin', PATH], queryFn: ({ signal }) => read<Rule>(PATH, signal) })
  const [chosen, setChosen] = useState<boolean | null>(null)
  const [saved, setSaved] = useState(false)
  const now = chosen ?? rule.data?.mfa_required_for_admins ?? false
  const { busy, failed, submit } = useForm({}, async (_, key) => {
    setSaved(false)
    client.setQueryData(['admin', PATH], await call<Rule>('PUT', PATH, { mfa_required_for_admins: now }, { key }))
    setChosen(null)
    setSaved(true)
  })
  if (!rule.data) return rule.isError ? <Trouble part error={rule.error} again={() => void rule.refetch()} /> : null
  return (
    <form className="sheet" onSubmit={submit}>
      <fieldset className="sheet__part checks">
        <legend>Administrators</legend>
        <label className="check"><input type="checkbox" checked={now} onChange={(event) => { setSaved(false); setChosen(event.target.checked) }} />Administrators must sign in with a second step</label>
        <p className="soft small">Set up one of your own first. An administrator without one can do nothing here until it is set up.</p>
        <Refusal error={failed} words={{ mfa_required: 'Set up a second step of your own first, under Account, Sign-in and security.' }} />
        {saved && <Notice kind="lamp">Saved.</Notice>}
      </fieldset>
      <Button type="submit" disabled={busy || chosen === null}>Save</Button>
    </form>
  )
}
