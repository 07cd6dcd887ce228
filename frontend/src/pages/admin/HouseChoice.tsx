import { useState, type ReactNode } from 'react'
import { Trouble } from '../../components/Trouble'
import { Notice, SelectField, Waiting } from '../../ui'
import { useOrganizers } from './api'

/** For what belongs to one house: which one, where there are several. */
export function HouseChoice({ children }: { children(organizer: string): ReactNode }) {
  const organizers = useOrganizers()
  const [chosen, setChosen] = useState('')
  if (organizers.isPending) return <Waiting label="One moment" />
  if (organizers.isError) return <Trouble part error={organizers.error} again={() => void organizers.refetch()} />
  const first = organizers.data[0]
  if (!first) return <Notice>There is no house yet.</Notice>
  const organizer = organizers.data.some((one) => one.id === chosen) ? chosen : first.id
  return (
    <>
      {organizers.data.length > 1 && <div className="sheet__choice"><SelectField label="House" value={organizer} onChange={(event) => setChosen(event.target.value)} choices={organizers.data.map((one) => ({ value: one.id, label: one.name }))} /></div>}
      {children(organizer)}
    </>
  )
}
