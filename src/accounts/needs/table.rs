//! The table. A new route is answered from the moment that it has its line here, and `tests/server/needs` tries it as everybody.

use super::super::identity::Role::{BoxOffice, Organizer, Scanner};
use super::super::machine::Scope::{InventoryBook, InventoryHold, InventoryRead, OrdersRead};
use super::Need::{Admin, Machine, Proof, Public, SignedIn, Staff};
use super::Proof::{HoldToken, Link, OrderToken, Signature, TicketLink};
use super::{Need, Route};

const fn get(pattern: &'static str, need: Need) -> Route {
    Route::new("GET", pattern, need)
}

const fn post(pattern: &'static str, need: Need) -> Route {
    Route::new("POST", pattern, need)
}

const fn put(pattern: &'static str, need: Need) -> Route {
    Route::new("PUT", pattern, need)
}

const fn patch(pattern: &'static str, need: Need) -> Route {
    Route::new("PATCH", pattern, need)
}

const fn delete(pattern: &'static str, need: Need) -> Route {
    Route::new("DELETE", pattern, need)
}

/// Every route below [`super::ROOT`].
pub const ROUTES: &[Route] = &[
    // The site and its beginning.
    get("/site", Public),
    post("/setup", Proof(Link, None)),
    // Accounts.
    post("/auth/login", Public),
    post("/auth/register", Public),
    post("/auth/verify-email", Proof(Link, None)),
    post("/auth/forgot-password", Public),
    post("/auth/reset-password", Proof(Link, None)),
    post("/auth/invitations/look", Proof(Link, None)),
    post("/auth/invitations/accept", Proof(Link, None)),
    // By a refresh token that may be all that is left of a session.
    post("/auth/refresh", Public),
    post("/auth/logout", Public),
    get("/me", SignedIn),
    delete("/me", SignedIn),
    get("/me/export", SignedIn),
    patch("/me", SignedIn),
    post("/me/email", SignedIn),
    post("/me/password", SignedIn),
    get("/me/sessions", SignedIn),
    delete("/me/sessions/{id}", SignedIn),
    get("/auth/mfa", SignedIn),
    post("/auth/mfa/enroll", SignedIn),
    post("/auth/mfa/confirm", SignedIn),
    post("/auth/mfa/challenge", Public),
    post("/auth/mfa/disable", SignedIn),
    post("/auth/mfa/recovery-codes", SignedIn),
    get("/admin/organizers/{id}/mfa", Staff(Organizer)),
    put("/admin/organizers/{id}/mfa", Staff(Organizer)),
    get("/admin/site/mfa", Admin),
    put("/admin/site/mfa", Admin),
    get("/auth/passkeys", SignedIn),
    patch("/auth/passkeys/{id}", SignedIn),
    delete("/auth/passkeys/{id}", SignedIn),
    post("/auth/passkeys/register/start", SignedIn),
    post("/auth/passkeys/register/finish", SignedIn),
    post("/auth/passkeys/login/start", Public),
    post("/auth/passkeys/login/finish", Public),
    get("/auth/oauth", Public),
    get("/auth/oauth/{provider}/start", Public),
    get("/auth/oauth/{provider}/callback", Public),
    post("/auth/oauth/{provider}/link", SignedIn),
    get("/me/orders", SignedIn),
    post("/me/orders/claim", SignedIn),
    get("/me/linked-accounts", SignedIn),
    delete("/me/linked-accounts/{id}", SignedIn),
    // The catalogue.
    get("/productions", Public),
    get("/productions/{id}", Public),
    get("/productions/{id}/poster.svg", Public),
    get("/venues", Public),
    get("/venues/{id}", Public),
    get("/shows", Public),
    get("/shows/{id}", Public),
    get("/shows/{id}/plan", Public),
    get("/shows/{show_id}/seats", Public),
    get("/shows/{show_id}/live", Public),
    // Holds. An allocation is for the box office; the handler asks.
    post("/shows/{show_id}/holds", Public).or(&[InventoryHold]),
    get("/shows/{show_id}/holds/{hold_id}", Proof(HoldToken, None)).or(&[InventoryRead, InventoryHold]),
    patch("/shows/{show_id}/holds/{hold_id}", Proof(HoldToken, None)).or(&[InventoryHold]),
    delete("/shows/{show_id}/holds/{hold_id}", Proof(HoldToken, None)).or(&[InventoryHold]),
    post("/shows/{show_id}/holds/{hold_id}/extend", Proof(HoldToken, None)).or(&[InventoryHold]),
    // The inventory alone, for shops that take the money themselves.
    post("/shows/{show_id}/holds/{hold_id}/book", Machine).or(&[InventoryBook]),
    get("/shows/{show_id}/bookings/{booking_id}", Machine).or(&[InventoryRead, InventoryBook]),
    delete("/shows/{show_id}/bookings/{booking_id}", Machine).or(&[InventoryBook]),
    get("/machine", Machine),
    // Orders, payments, tickets. Who names holds shows their tokens.
    get("/shows/{id}/payment-methods", Public),
    post("/quotes", Public),
    post("/orders", Public),
    post("/orders/lookup", Public),
    get("/orders/{id}", Proof(OrderToken, Some(BoxOffice))),
    post("/orders/{id}/payments", Proof(OrderToken, Some(BoxOffice))),
    post("/orders/{id}/reopen", Proof(OrderToken, Some(BoxOffice))),
    post("/orders/{id}/cancel", Proof(OrderToken, Some(BoxOffice))),
    post("/orders/{id}/revoke-links", Proof(OrderToken, Some(BoxOffice))),
    get("/orders/{id}/tickets", Proof(OrderToken, Some(BoxOffice))),
    get("/tickets/{id}.pdf", Proof(TicketLink, Some(BoxOffice))),
    get("/tickets/{id}.svg", Proof(TicketLink, Some(BoxOffice))),
    get("/tickets/{id}.ics", Proof(TicketLink, Some(BoxOffice))),
    post("/webhooks/{provider}/{account}", Proof(Signature, None)),
    // The back office.
    get("/admin/organizers", Staff(Scanner)),
    post("/admin/organizers", Admin),
    get("/admin/organizers/{id}", Staff(Scanner)),
    patch("/admin/organizers/{id}", Staff(Organizer)),
    delete("/admin/organizers/{id}", Admin),
    get("/admin/organizers/{id}/members", Staff(Organizer)),
    post("/admin/organizers/{id}/members", Staff(Organizer)),
    patch("/admin/organizers/{id}/members/{user}", Staff(Organizer)),
    delete("/admin/organizers/{id}/members/{user}", Staff(Organizer)),
    delete("/admin/organizers/{id}/invitations/{invitation}", Staff(Organizer)),
    post("/admin/organizers/{id}/invitations/{invitation}/resend", Staff(Organizer)),
    get("/admin/users", Admin),
    get("/admin/users/{id}", Admin),
    put("/admin/users/{id}/roles", Admin),
    post("/admin/users/{id}/end-sessions", Admin),
    get("/admin/venues", Staff(Scanner)),
    post("/admin/venues", Staff(Organizer)),
    get("/admin/venues/{id}", Staff(Scanner)),
    patch("/admin/venues/{id}", Staff(Organizer)),
    delete("/admin/venues/{id}", Staff(Organizer)),
    get("/admin/plans", Staff(Scanner)),
    post("/admin/plans", Staff(Organizer)),
    get("/admin/plans/{id}", Staff(Scanner)),
    get("/admin/plans/{id}/document", Staff(Scanner)),
    patch("/admin/plans/{id}", Staff(Organizer)),
    delete("/admin/plans/{id}", Staff(Organizer)),
    get("/admin/productions", Staff(Scanner)),
    post("/admin/productions", Staff(Organizer)),
    get("/admin/productions/{id}", Staff(Scanner)),
    patch("/admin/productions/{id}", Staff(Organizer)),
    delete("/admin/productions/{id}", Staff(Organizer)),
    get("/admin/shows", Staff(Scanner)),
    post("/admin/shows", Staff(Organizer)),
    get("/admin/shows/{id}", Staff(Scanner)),
    patch("/admin/shows/{id}", Staff(Organizer)),
    delete("/admin/shows/{id}", Staff(Organizer)),
    get("/admin/shows/{id}/prices", Staff(Scanner)),
    put("/admin/shows/{id}/prices", Staff(Organizer)),
    post("/admin/shows/{id}/state", Staff(Organizer)),
    get("/admin/shows/{id}/plan", Staff(Organizer)),
    put("/admin/shows/{id}/plan", Staff(Organizer)),
    get("/admin/shows/{id}/journal", Staff(BoxOffice)),
    get("/admin/shows/{id}/allocations", Staff(BoxOffice)),
    post("/admin/shows/{id}/allocations", Staff(BoxOffice)),
    get("/admin/shows/{id}/allocations/{allocation}", Staff(BoxOffice)),
    patch("/admin/shows/{id}/allocations/{allocation}", Staff(BoxOffice)),
    delete("/admin/shows/{id}/allocations/{allocation}", Staff(BoxOffice)),
    get("/admin/shows/{id}/access-codes", Staff(BoxOffice)),
    post("/admin/shows/{id}/access-codes", Staff(BoxOffice)),
    get("/admin/shows/{id}/access-codes/{code}", Staff(BoxOffice)),
    patch("/admin/shows/{id}/access-codes/{code}", Staff(BoxOffice)),
    delete("/admin/shows/{id}/access-codes/{code}", Staff(BoxOffice)),
    get("/admin/orders", Staff(BoxOffice)).or(&[OrdersRead]),
    get("/admin/orders/{id}", Staff(BoxOffice)).or(&[OrdersRead]),
    post("/admin/orders/{id}/review", Staff(BoxOffice)),
    get("/admin/organizers/{id}/fraud-rules", Staff(BoxOffice)),
    put("/admin/organizers/{id}/fraud-rules", Staff(Organizer)),
    get("/admin/organizers/{id}/payment-accounts", Staff(Organizer)),
    post("/admin/organizers/{id}/payment-accounts", Staff(Organizer)),
    get("/admin/organizers/{id}/payment-accounts/{account}", Staff(Organizer)),
    patch("/admin/organizers/{id}/payment-accounts/{account}", Staff(Organizer)),
    delete("/admin/organizers/{id}/payment-accounts/{account}", Staff(Organizer)),
    post("/admin/organizers/{id}/payment-accounts/{account}/test", Staff(Organizer)),
    get("/admin/payments", Staff(BoxOffice)),
    get("/admin/reports/ledger", Staff(Organizer)),
    get("/admin/mailbox", Staff(Organizer)),
    get("/admin/mailbox/{id}", Staff(Organizer)),
    get("/admin/mailbox/{id}/html", Staff(Organizer)),
    get("/admin/mailbox/{id}/attachments/{name}", Staff(Organizer)),
    get("/admin/api-keys", Staff(Organizer)),
    post("/admin/api-keys", Staff(Organizer)),
    delete("/admin/api-keys/{id}", Staff(Organizer)),
    get("/admin/devices", Staff(Organizer)),
    post("/admin/devices", Staff(Organizer)),
    delete("/admin/devices/{id}", Staff(Organizer)),
    get("/admin/audit-log", Staff(Organizer)),
    get("/admin/system/security-events", Admin),
    get("/admin/system/retention", Admin),
    post("/admin/customers/{id}/erase", Staff(Organizer)),
    // Only where there is the demo.
    get("/demo/rush", Public),
    post("/demo/rush", Public),
];
