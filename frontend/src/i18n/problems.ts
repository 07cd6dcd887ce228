/** A sentence for people for every word that the server refuses with. docs/API.md and the core name the words. */
export type ProblemCode =
  | 'validation_failed' | 'unauthenticated' | 'forbidden' | 'not_found' | 'seats_taken' | 'area_full' | 'none_available' | 'hold_not_open'
  | 'sales_ended' | 'hold_lapsed' | 'hold_token_invalid' | 'order_token_invalid' | 'not_on_sale' | 'sales_paused' | 'access_code_required'
  | 'strands_a_seat' | 'table_sold_whole' | 'plan_lacks_places' | 'access_code_used_up' | 'seat_limit_reached' | 'hold_limit_reached' | 'idempotency_key_reused' | 'request_in_flight' | 'edit_conflict'
  | 'too_many_requests' | 'busy' | 'internal' | 'booking_cancelled' | 'wrong_state' | 'rush_running' | 'order_not_open' | 'cancellation_closed'
  | 'provider_unknown' | 'already_set_up' | 'already_exists' | 'in_use' | 'signature_invalid'
  | 'unsupported_media_type' | 'payload_too_large' | 'method_not_allowed' | 'malformed_request' | 'unknown'

type Sentences = Record<ProblemCode, string>

const en: Sentences = {
  validation_failed: 'Something in the form is not right; it is marked.',
  unauthenticated: 'Please sign in first.',
  forbidden: 'Your role does not allow this.',
  not_found: 'This is not here, or no longer.',
  seats_taken: 'Somebody was faster: some of these seats have just been taken.',
  area_full: 'There are not that many places left there.',
  none_available: 'No seats like these are left together. Try fewer, or another price.',
  hold_not_open: 'This basket is closed: it was paid for, given back, or is being paid.',
  sales_ended: 'The sale of this show has ended.',
  hold_lapsed: 'Your time was up, and the seats went back on sale.',
  hold_token_invalid: 'This basket belongs to somebody else.',
  order_token_invalid: 'This link does not open the order. Ask for a new one.',
  not_on_sale: 'This show is not on sale yet.',
  sales_paused: 'The house has paused the sale for the moment.',
  access_code_required: 'These seats need an access code.',
  plan_lacks_places: 'The new plan lacks places that are held or sold.',
  table_sold_whole: 'This table or box is sold only as a whole. Please choose all of its seats.',
  access_code_used_up: 'This access code has been used for as many places as it gives.',
  strands_a_seat: 'This would leave a single seat alone. Move one to the side, please.',
  seat_limit_reached: 'That is more than one buyer may have.',
  hold_limit_reached: 'You hold seats in another window already. Check out there, or give them back.',
  idempotency_key_reused: 'This request was sent before with other contents. Load the page again.',
  request_in_flight: 'The same request is still being answered. One moment.',
  edit_conflict: 'Somebody else changed this meanwhile. Load it again before you save.',
  too_many_requests: 'That was very fast. Wait a moment before the next try.',
  busy: 'The house is very busy. Your place is not lost; try again in a moment.',
  booking_cancelled: 'This booking was cancelled.',
  wrong_state: 'This is not possible in the present state.',
  rush_running: 'A rush is already running.',
  internal: 'Something broke on our side. Nothing is charged twice; try again in a moment.',
  order_not_open: 'This order can no longer be changed.',
  cancellation_closed: 'It is too late to cancel this order.',
  provider_unknown: 'This way to pay is not on offer here. Choose another.',
  already_set_up: 'The house is already set up. Sign in instead.',
  already_exists: 'There is one of this name already.',
  in_use: 'Something else still needs it.',
  signature_invalid: 'This link is not complete or too old.',
  unsupported_media_type: 'The house could not read the request. Load the page again.',
  payload_too_large: 'That is too large for the house to take.',
  method_not_allowed: 'The house could not read the request. Load the page again.',
  malformed_request: 'The house could not read the request. Load the page again.',
  unknown: 'The house said no without a reason.',
}

const de: Sentences = {
  validation_failed: 'Im Formular stimmt etwas nicht; es ist markiert.',
  unauthenticated: 'Bitte erst anmelden.',
  forbidden: 'Ihre Rolle erlaubt das nicht.',
  not_found: 'Das gibt es hier nicht, oder nicht mehr.',
  seats_taken: 'Jemand war schneller: einige dieser Plätze sind gerade weg.',
  area_full: 'So viele Plätze sind dort nicht mehr frei.',
  none_available: 'Solche Plätze gibt es nicht mehr nebeneinander. Weniger versuchen, oder einen anderen Preis.',
  hold_not_open: 'Dieser Korb ist geschlossen: bezahlt, zurückgegeben oder gerade in Zahlung.',
  sales_ended: 'Der Verkauf für diese Vorstellung ist beendet.',
  hold_lapsed: 'Ihre Zeit war um, die Plätze sind wieder im Verkauf.',
  hold_token_invalid: 'Dieser Korb gehört jemand anderem.',
  order_token_invalid: 'Dieser Link öffnet die Bestellung nicht. Fordern Sie einen neuen an.',
  not_on_sale: 'Diese Vorstellung ist noch nicht im Verkauf.',
  sales_paused: 'Das Haus hat den Verkauf für den Moment angehalten.',
  access_code_required: 'Für diese Plätze braucht es einen Zugangscode.',
  plan_lacks_places: 'Dem neuen Plan fehlen Plätze, die gehalten oder verkauft sind.',
  table_sold_whole: 'Dieser Tisch oder diese Loge wird nur als Ganzes verkauft. Bitte alle Plätze wählen.',
  access_code_used_up: 'Dieser Zugangscode ist für alle seine Plätze verwendet.',
  strands_a_seat: 'So bliebe ein einzelner Platz übrig. Bitte einen zur Seite rücken.',
  seat_limit_reached: 'Das ist mehr, als eine Person haben darf.',
  hold_limit_reached: 'Sie halten schon Plätze in einem anderen Fenster. Dort bezahlen oder zurückgeben.',
  idempotency_key_reused: 'Diese Anfrage kam schon mit anderem Inhalt. Bitte die Seite neu laden.',
  request_in_flight: 'Dieselbe Anfrage wird noch beantwortet. Einen Moment.',
  edit_conflict: 'Jemand hat das inzwischen geändert. Vor dem Speichern neu laden.',
  too_many_requests: 'Das war sehr schnell. Vor dem nächsten Versuch kurz warten.',
  busy: 'Das Haus ist gerade sehr voll. Nichts ist verloren; gleich noch einmal versuchen.',
  booking_cancelled: 'Diese Buchung wurde storniert.',
  wrong_state: 'Das geht im jetzigen Zustand nicht.',
  rush_running: 'Ein Ansturm läuft schon.',
  internal: 'Bei uns ist etwas kaputtgegangen. Nichts wird doppelt abgebucht; gleich noch einmal versuchen.',
  order_not_open: 'Diese Bestellung lässt sich nicht mehr ändern.',
  cancellation_closed: 'Für eine Stornierung ist es zu spät.',
  provider_unknown: 'So kann man hier nicht bezahlen. Bitte anders wählen.',
  already_set_up: 'Das Haus ist schon eingerichtet. Bitte anmelden.',
  already_exists: 'So heißt schon etwas anderes.',
  in_use: 'Etwas anderes braucht es noch.',
  signature_invalid: 'Dieser Link ist unvollständig oder zu alt.',
  unsupported_media_type: 'Das Haus konnte die Anfrage nicht lesen. Bitte neu laden.',
  payload_too_large: 'Das ist zu groß.',
  method_not_allowed: 'Das Haus konnte die Anfrage nicht lesen. Bitte neu laden.',
  malformed_request: 'Das Haus konnte die Anfrage nicht lesen. Bitte neu laden.',
  unknown: 'Das Haus hat ohne Grund abgelehnt.',
}

export const PROBLEMS = { en, de } satisfies Record<string, Sentences>

export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(en, code)
