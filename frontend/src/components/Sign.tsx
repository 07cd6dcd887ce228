import type { ReactNode } from 'react'

type SignName = 'available' | 'held' | 'booked' | 'blocked' | 'chosen' | 'yours' | 'lost' | 'accessible'
const SEAT = 'M2 18V10a8 8 0 0 1 16 0v8z'
const PICTURES: Record<SignName, ReactNode> = {
  available: <path d={SEAT} fill="#7FA7F5" />,
  held: <circle cx="10" cy="10" r="7" fill="none" stroke="#B3A6BD" strokeWidth="2" />,
  booked: <circle cx="10" cy="10" r="3.4" fill="#5C4A69" />,
  blocked: <path d="M5 10h10" stroke="#5C4A69" strokeWidth="2.4" />,
  chosen: <path d={SEAT} fill="#FFC629" />,
  yours: <><path d={SEAT} fill="#FFC629" /><path d="m6 11 3 3.4 5.4-6.6" fill="none" stroke="#1B1022" strokeWidth="2" /></>,
  lost: <path d="m4 4 12 12M16 4 4 16" stroke="#FF8A78" strokeWidth="3" />,
  accessible: <rect x="2" y="2" width="16" height="16" fill="#7FA7F5" />,
}

/** A sign of the map, as the map draws it. */
export function Sign({ sign }: { sign: SignName }) {
  return <svg className="sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">{PICTURES[sign]}</svg>
}
