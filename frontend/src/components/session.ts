/** Being signed in, as the pages see it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { meQuery, rememberSignedIn, signOut, wasSignedIn } from '../api/account'
import { Problem } from '../api/client'
import type { User } from '../api/types'

/** Who is signed in; pages that need somebody ask always. */
export const useMe = () => useQuery(meQuery)
/** The same for pages that everybody sees: a stranger's browser asks nothing. */
export const useMeIfAny = () => useQuery({ ...meQuery, enabled: wasSignedIn() })

export const isStranger = (error: unknown): boolean => error instanceof Problem && error.status === 401
export const isStaff = (user: User): boolean => user.role !== 'customer'

/** Leads strangers to the door, and back to where they stood when the page opened. */
export function useDoor(stranger: boolean): void {
  const [place, go] = useLocation()
  const [stood] = useState(place)
  useEffect(() => {
    if (stranger) go(`/login?next=${encodeURIComponent(stood)}`, { replace: true })
  }, [stranger, go, stood])
}

/** Only our own addresses: a link must not lead a signed-in person elsewhere. */
export const safeNext = (next: string | null): string | null => (next && /^\/(?![/\\])/.test(next) ? next : null)

/** What follows a sign-in: nothing of the person before is shown, and one goes where one wanted to. */
export function useSignedIn() {
  const client = useQueryClient()
  const [, go] = useLocation()
  return useCallback((user: User, next: string | null) => {
    client.removeQueries({ predicate: ({ queryKey }) => PRIVATE.includes(String(queryKey[0])) })
    client.setQueryData(meQuery.queryKey, user)
    rememberSignedIn(true)
    go(safeNext(next) ?? (isStaff(user) ? '/admin' : '/account'))
  }, [client, go])
}

/** What belongs to who is signed in, by the first word of its key. */
const PRIVATE = ['me', 'admin', 'mailbox', 'mail', 'order', 'tickets']

export function useSignOut() {
  const client = useQueryClient()
  const [, go] = useLocation()
  return useCallback(async () => {
    // Whatever the server answers, this browser shows nothing private any more.
    await signOut().catch(() => undefined)
    rememberSignedIn(false)
    client.clear()
    go('/')
  }, [client, go])
}

/** What stands after `#` in a link from a mail; it never reaches a log. */
export function tokenOfLink(): string {
  const rest = location.hash.slice(1)
  return new URLSearchParams(rest).get('t') ?? new URLSearchParams(rest).get('token') ?? (rest.includes('=') ? '' : decodeURIComponent(rest))
}
