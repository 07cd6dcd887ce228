/** The mark of the house: a row of seats, an aisle in it, one seat lit. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 46 22" width="46" height="22" aria-hidden="true">
      <g fill="currentColor">
        <path d="M0 10V6a4 4 0 0 1 8 0v4z" /><path d="M10 10V6a4 4 0 0 1 8 0v4z" /><path d="M28 10V6a4 4 0 0 1 8 0v4z" /><path d="M38 10V6a4 4 0 0 1 8 0v4z" />
        <path d="M0 22v-4a4 4 0 0 1 8 0v4z" /><path d="M28 22v-4a4 4 0 0 1 8 0v4z" /><path d="M38 22v-4a4 4 0 0 1 8 0v4z" />
      </g>
      <path d="M10 22v-4a4 4 0 0 1 8 0v4z" fill="var(--lamp)" stroke="var(--mark-edge, transparent)" />
    </svg>
  )
}
