/**
 * Whether this browser is signed in, and until when its access token is good. The proof is in cookies, which no script can
 * read; this is only a hint, by which strangers' pages need not ask who they are and others renew in time.
 */
const HINT = 'aisle.signed-in'
/** Renewed so long before its end, a token does not run out on its way. */
const MARGIN_MS = 30_000

/** Milliseconds since 1970; 0 where the end is not known; null where nobody is signed in. */
export function signedInUntil(): number | null {
  try {
    const text = localStorage.getItem(HINT)
    return text === null ? null : Number(text) || 0
  } catch {
    return null
  }
}

export function wasSignedIn(): boolean {
  return signedInUntil() !== null
}

/** What a sign-in or a renewal says of its end. */
export function rememberUntil(expiresInS: number): void {
  write(String(Date.now() + expiresInS * 1000 - MARGIN_MS))
}

export function rememberSignedIn(yes: boolean): void {
  if (!yes) write(null)
  else if (!wasSignedIn()) write('0')
}

function write(text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(HINT)
    else localStorage.setItem(HINT, text)
  } catch {
    // Storage is forbidden: the head of the page doesn't know the name until a page asks for it, and one signs in more often.
  }
}
