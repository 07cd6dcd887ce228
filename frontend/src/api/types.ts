/** The shapes of docs/API.md, as the page uses them. Field names are the server's. */

export type Money = { amount: number; currency: string }
export type Page<T> = { items: T[]; next: string | null }

export type Site = {
  name: string
  demo: boolean
  currency: string
  locale: string
  providers: string[]
  mail: 'mailbox' | 'smtp'
  setup_needed: boolean
  server_time: string
}

export type Availability = 'good' | 'few' | 'sold_out'
export type ShowState = 'draft' | 'published' | 'paused' | 'cancelled' | 'moved' | 'ended'

export type Facet = { value: string; label?: string; count: number }
export type Facets = Partial<Record<'kind' | 'genre' | 'city' | 'language' | 'venue', Facet[]>>

export type ProductionCard = {
  id: string
  title: string
  subtitle: string | null
  kind: string
  genre: string | null
  language: string | null
  summary: string | null
  poster_url: string
  cities: string[]
  venues: { id: string; name: string }[]
  first_show_at: string | null
  next_show_at: string | null
  time_zone: string | null
  show_count: number
  price_from: Money | null
  availability: Availability
}

export type Production = ProductionCard & {
  description: string | null
  duration_min: number | null
  age_min: number | null
  credits: { role: string; name: string }[]
  organizer: { id: string; name: string }
  shows: ShowCard[]
}

export type ShowCard = {
  id: string
  production: { id: string; title: string; poster_url: string }
  venue: { id: string; name: string; city: string }
  time_zone: string
  starts_at: string
  doors_at: string | null
  on_sale_at: string | null
  sales_end_at: string | null
  state: ShowState
  availability: Availability
  price_from: Money | null
}

export type TicketType = { id: string; key: string; name: string; description: string | null; default: boolean }
export type PriceLevel = {
  key: string
  name: string
  category: string
  color: string
  prices: { ticket_type: string; price: Money }[]
}

export type Show = ShowCard & {
  currency: string
  public_message: string | null
  plan_version: string
  organizer: { id: string; name: string }
  ticket_types: TicketType[]
  price_levels: PriceLevel[]
  /** Before `on_sale_at`, who has a code may hold already. */
  presale: boolean
  /** Some code opens something of this show now: there is a field for it. */
  access_codes: boolean
  limits: { seats_per_hold_max: number; hold_ttl_s: number; extend_max_s: number; pay_within_s: number; holds_per_buyer_max: number | null; places_per_buyer_max: number | null }
}

export type Venue = {
  id: string
  name: string
  city: string
  country: string | null
  address: string | null
  time_zone: string
  seats: number
  shows: number
}

export type SeatLetter = 'a' | 'h' | 'b' | 'x'
export type AreaCount = { area: string; available: number }
export type SeatsWhole = { plan_version: string; seq: number; seats: string; areas: AreaCount[] }
export type SeatsSince = { plan_version: string; from: number; seq: number; deltas: [number, SeatLetter][]; areas: [string, number][] }

export type AreaQuantity = { area: string; quantity: number }
export type HoldState = 'open' | 'paying'
export type Placement = 'one_row' | 'stacked' | 'split'
export type Hold = {
  id: string
  token?: string
  show_id: string
  state: HoldState
  seats: string[]
  placement: Placement | null
  areas: AreaQuantity[]
  expires_at: string | null
  expires_in_ms: number | null
  /** The show is paused: what is left stays left until it goes on. */
  paused: boolean
  extendable_until: string | null
  pay_by: string | null
}
export type BestAvailable = { quantity: number; price_level?: string; section?: string; accessible?: number; companions?: number }
export type HoldRequest = { seats?: string[]; best_available?: BestAvailable; areas?: AreaQuantity[]; access_code?: string }
export type HoldPatch = { add: string[]; remove: string[]; areas?: AreaQuantity[] }

export type Line = {
  id: string
  kind: 'ticket' | 'fee' | 'tax' | 'discount'
  label: string
  show_id: string | null
  seat?: string | null
  section?: string | null
  row?: string | null
  number?: string | null
  area?: string | null
  price_level?: string | null
  ticket_type?: string | null
  quantity: number
  amount: Money
}
export type HoldProof = { show_id: string; hold_id: string; token: string }
export type TicketChoice = { seat?: string; area?: string; quantity?: number; ticket_type: string }
export type Quote = { lines: Line[]; total: Money; currency: string }
export type PaymentStatus = 'starting' | 'pending' | 'authorized' | 'captured' | 'declined' | 'cancelled' | 'refunded'
export type PaymentMethod = { provider: string; method: string; kind: 'authorise_then_capture' | 'paid_at_once' }
export type Payment = { id: string; provider: string; method: string; status: PaymentStatus; checkout_url?: string | null }
export type OrderStatus =
  | 'awaiting_payment' | 'in_review' | 'paid' | 'confirmed' | 'expired'
  | 'cancelled' | 'refunding' | 'refunded' | 'partially_refunded'
export type Refund = { id: string; amount: Money; status: 'pending' | 'succeeded' | 'failed'; reason: string | null; created_at: string }
export type OrderShow = { id: string; title: string; poster_url: string; venue: string; city: string; starts_at: string; doors_at: string | null; time_zone: string }
export type ReviewState = 'flagged' | 'wanted' | 'accepted' | 'refused' | 'lapsed' | 'withdrawn' | 'let_go'
export type Finding = { rule: 'velocity' | 'mismatch' | 'reuse'; holds: boolean; fact: string; max: number | null; window_s: number | null; country: string | null; text: string }
export type Review = { state: ReviewState; by: string | null; findings: Finding[]; reason: string }
export type Order = {
  id: string
  number: string
  token?: string
  yours: boolean
  status: OrderStatus
  customer: { id?: string; name: string; email: string }
  total: Money
  lines: Line[]
  pay_by: string | null
  pay_in_ms: number | null
  /** Once the house held it: by when its buyer hears. */
  review_by: string | null
  /** For staff alone, where a rule found something. */
  review?: Review
  payment: Payment | null
  refunds: Refund[]
  holds: { show_id: string; hold_id: string }[]
  shows: OrderShow[]
  created_at: string
  confirmed_at: string | null
}
/** One of one's own orders, as their list has it. */
export type MyOrder = {
  id: string
  number: string
  status: OrderStatus
  organizer: string
  total: Money
  shows: OrderShow[]
  places: { show_id: string; label: string; quantity: number }[]
  cancellable: boolean
  created_at: string
  confirmed_at: string | null
}
export type OrderRequest = {
  holds: HoldProof[]
  customer: { name: string; email: string; locale?: string }
  tickets?: TicketChoice[]
  provider?: string
  method?: string
  accept_equal_seats?: boolean
}
export type Ticket = {
  id: string
  seat: string | null
  area: string | null
  section: string | null
  row: string | null
  number: string | null
  ticket_type: string
  price_level: string
  code: string
  status: string
  pdf_url: string
  svg_url: string
  show_id: string
}

export type User = { id: string; name: string; email: string; role: string }
export type SetupRequest = {
  token: string
  administrator: { name: string; email: string; password: string }
  house: { name: string }
  currency: string
  time_zone: string
  venue: { name: string; city: string; country?: string; address?: string }
}

export type Mail = {
  id: string
  to: string
  subject: string
  created_at: string
  status: 'kept' | 'sent' | 'failed'
  attachments: { name: string; content_type: string; bytes: number; url: string }[]
}
export type MailFull = Mail & { text: string | null; html: string | null }

export type Rush = {
  state: 'none' | 'running' | 'done'
  show_id: string | null
  title: string | null
  buyers: number
  seconds: number
  elapsed_s: number
  requests: number
  held: number
  sold: number
  tickets_sold: number
  refused: number
  errors: number
  twice: number
  p50_ms: number | null
  p99_ms: number | null
  verdict: string | null
}

/** RFC 9457, as the server sends it. */
export type ProblemBody = {
  type?: string
  title?: string
  status: number
  detail?: string
  code: string
  seats?: string[]
  errors?: { field: string; message: string }[]
  challenge?: unknown
}
