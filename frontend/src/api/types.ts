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
  /** All that every buyer has to pay for a ticket; `price_list` is the timed list it is by, until `until`. */
  prices: { ticket_type: string; price: Money; price_list?: string; until?: string }[]
}

export type Show = ShowCard & {
  currency: string
  public_message: string | null
  plan_version: string
  organizer: { id: string; name: string }
  ticket_types: TicketType[]
  price_levels: PriceLevel[]
  /** What comes once to an order on top. */
  order_fees: { name: string; amount?: Money; percent_bp?: number }[]
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
  kind: 'ticket' | 'fee' | 'tax' | 'discount' | 'voucher' | 'exchange'
  label: string
  show_id: string | null
  seat?: string | null
  section?: string | null
  row?: string | null
  number?: string | null
  area?: string | null
  price_level?: string | null
  ticket_type?: string | null
  /** Of the show's timed price lists, the one it was sold by. */
  price_list?: string
  quantity: number
  amount: Money
  /** How much of the amount is tax. */
  tax: Money
}
export type HoldProof = { show_id: string; hold_id: string; token: string }
export type TicketChoice = { seat?: string; area?: string; quantity?: number; ticket_type: string }
export type PromoReason = 'unknown' | 'not_yet' | 'over' | 'not_these_shows' | 'not_these_tickets' | 'other_currency' | 'nothing_to_take_off' | 'used_up' | 'used_by_you'
export type VoucherReason = 'unknown' | 'void' | 'over' | 'other_currency' | 'empty' | 'nothing_to_pay' | 'less_left'
export type Quote = {
  lines: Line[]
  tickets: Money
  discount: Money
  fees: Money
  taxes: { name: string; rate_bp: number; included: boolean; amount: Money }[]
  total: Money
  currency: string
  promo?: { code: string; applies: boolean; reason?: PromoReason; detail?: string }
  voucher?: { code: string; applies: boolean; pays: Money; left: Money | null; reason?: VoucherReason; detail?: string }
  /** What giving tickets of another order means. */
  exchange?: { order_id: string; number: string; worth: Money; kept: Money; pays: Money; back: Money }
}
export type PaymentStatus = 'starting' | 'pending' | 'authorized' | 'captured' | 'declined' | 'cancelled' | 'refunded'
export type PaymentMethod = { provider: string; method: string; kind: 'authorise_then_capture' | 'paid_at_once' }
export type Payment = { id: string; provider: string; method: string; status: PaymentStatus; checkout_url?: string | null }
export type OrderStatus =
  | 'awaiting_payment' | 'in_review' | 'paid' | 'confirmed' | 'expired'
  | 'cancelled' | 'refunding' | 'refunded' | 'partially_refunded'
export type RefundStatus = 'pending' | 'succeeded' | 'failed' | 'by_hand' | 'again'
export type Refund = { id: string; amount: Money; status: RefundStatus; onto_voucher: boolean; through_exchange: boolean; reason: string | null; created_at: string }
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
  /** What the buyer’s bank claims back; for the house alone. */
  disputes?: { id: string; state: 'opened' | 'won' | 'lost'; amount: Money; suspends: boolean; opened_at: string; decided_at: string | null }[]
  payment: Payment | null
  refunds: Refund[]
  holds: { show_id: string; hold_id: string }[]
  shows: OrderShow[]
  /** Its tickets that were given for others, and those that it was paid with. */
  exchanges: OrderExchange[]
  created_at: string
  confirmed_at: string | null
}
export type OrderExchange = { from_order: string; from_number: string; into_order: string; into_number: string; state: 'open' | 'sold' | 'off' | 'done'; tickets: string[]; worth: Money; credit: Money; returned: Money }
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
  promo_code?: string
  voucher_code?: string
  exchange?: { order_id: string; tickets?: string[]; token?: string }
  expected_total?: number
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
  /** Null while it does not admit, and to who passed it on. */
  code: string | null
  status: string
  pdf_url: string | null
  svg_url: string | null
  show_id: string
  passed_on: boolean
}
/** What would come back of a ticket, were it given back now. */
export type TicketBack = {
  tickets: string[]
  label: string
  show_id: string | null
  paid: Money
  back: Money
  kept: Money
  open: boolean
  back_bp: number | null
  until: string | null
  transfer_until: string | null
  /** Until when it may be exchanged; null: not, or not any more. */
  exchange_until: string | null
}
export type Cancellation = { open: boolean; back: Money; onto_voucher: Money; through_exchange: Money; kept: Money; until: string | null; tickets: TicketBack[]; order_paid: Money; order_back: Money }
/** The money of one order, for staff. */
export type OrderMoney = {
  total: Money
  left: Money
  lines: { id: string; tickets: string[]; label: string; kind: 'ticket' | 'fee' | 'tax' | 'discount' | 'voucher' | 'exchange'; amount: Money; kept: Money; state: 'sold' | 'giving_back' | 'given_back' | 'paid_with' }[]
  payments: { id: string; number: number; provider: string; account: string; provider_ref: string | null; status: string; amount: Money; counts: boolean; paid_at: string | null; problem: string | null }[]
  refunds: { id: string; payment_id: string | null; onto_line: string | null; what_for: 'tickets' | 'goodwill' | 'late' | 'duplicate' | 'amount' | 'again' | 'elsewhere' | 'exchange'; amount: Money; status: RefundStatus; reason: string; note: string; waits_for_staff: boolean; created_at: string }[]
  books: { kind: string; at: string; entries: { account: string; show_id: string | null; amount: Money }[] }[]
  passed_on: string[]
}
/** The refund of a whole show. */
export type ShowRefunds = {
  id: string
  show_id: string
  state: 'running' | 'paused' | 'done'
  reason: string
  started_at: string
  done_at: string | null
  total: number
  done: number
  refunded: number
  ended: number
  failed: number
  left: number
  per_minute: number
  money: Money
  failed_orders: { order_id: string; number: string; problem: string }[]
  next_failed: string | null
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
