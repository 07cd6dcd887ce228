//! The catalogue, holds, the inventory, orders and tickets.

use aisle::accounts::Role::BoxOffice;
use aisle::accounts::needs::Need::Staff;

use super::super::line::{Line, line};

const SOCKET: &str =
    "connection: upgrade\nupgrade: websocket\nsec-websocket-version: 13\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
const HOLD: &str = "aisle-hold-token: $hold_token";
const NEW_HOLD: &str = "aisle-hold-token: $new_hold_token";
const ORDER: &str = "aisle-order-token: $order_token";
const NEW_ORDER: &str = "aisle-order-token: $new_order_token";

pub const LINES: &[Line] = &[
    line("GET /productions", "").query("venue=$venue"),
    line("GET /productions/{id}", "$production"),
    line("GET /productions/{id}/poster.svg", "$production"),
    line("GET /venues", ""),
    line("GET /venues/{id}", "$venue"),
    line("GET /shows", "").query("venue=$venue&production=$production"),
    line("GET /shows/{id}", "$show"),
    line("GET /shows/{id}/plan", "$show"),
    line("GET /shows/{show_id}/seats", "$show").query("since=1&plan_version=$plan_version"),
    line("GET /shows/{show_id}/live", "$show").query("since=1&plan_version=$plan_version").with(SOCKET).gives(101),
    line("POST /shows/{show_id}/holds", "$show").sends(r#"{"areas": [{"area": "floor", "quantity": 1}]}"#).gives(201),
    // An allocation is for the box office.
    line("POST /shows/{show_id}/holds", "$show")
        .sends(r#"{"areas": [{"area": "floor", "quantity": 1}], "allocation_id": "$new_allocation"}"#)
        .gives(201)
        .asks(Staff(BoxOffice)),
    line("GET /shows/{show_id}/holds/{hold_id}", "$show $hold").proves(HOLD),
    line("PATCH /shows/{show_id}/holds/{hold_id}", "$show $hold")
        .proves(HOLD)
        .sends(r#"{"areas": [{"area": "floor", "quantity": 1}]}"#),
    line("POST /shows/{show_id}/holds/{hold_id}/extend", "$show $hold").proves(HOLD),
    line("DELETE /shows/{show_id}/holds/{hold_id}", "$show $new_hold").proves(NEW_HOLD).gives(204),
    line("POST /shows/{show_id}/holds/{hold_id}/book", "$show $new_hold")
        .with(NEW_HOLD)
        .sends(r#"{"reference": "shop-1"}"#)
        .gives(201),
    line("GET /shows/{show_id}/bookings/{booking_id}", "$show $booking"),
    line("DELETE /shows/{show_id}/bookings/{booking_id}", "$show $new_booking").gives(204),
    line("GET /machine", ""),
    line("GET /shows/{id}/payment-methods", "$show"),
    line("POST /quotes", "")
        .sends(r#"{"holds": [{"show_id": "$show", "hold_id": "$new_hold", "token": "$new_hold_token"}]}"#),
    line("POST /orders", "")
        .sends(
            r#"{"holds": [{"show_id": "$show", "hold_id": "$new_hold", "token": "$new_hold_token"}],
            "customer": {"name": "Grace Buyer", "email": "$some_email"}}"#,
        )
        .gives(201),
    // The order is proved in the body; its show lets nobody exchange.
    line("POST /quotes", "")
        .sends(
            r#"{"holds": [{"show_id": "$show", "hold_id": "$new_hold", "token": "$new_hold_token"}],
            "exchange": {"order_id": "$order", "tickets": ["$ticket"], "token": "$order_token"}}"#,
        )
        .gives(409),
    line("POST /orders", "")
        .sends(
            r#"{"holds": [{"show_id": "$show", "hold_id": "$new_hold", "token": "$new_hold_token"}],
            "exchange": {"order_id": "$order", "tickets": ["$ticket"], "token": "$order_token"},
            "customer": {"name": "Grace Buyer", "email": "$some_email"}}"#,
        )
        .gives(409),
    line("POST /orders/lookup", "").sends(r#"{"number": "$order_number", "email": "$order_email"}"#).gives(202),
    line("GET /orders/{id}", "$order").proves(ORDER),
    line("POST /orders/{id}/payments", "$new_order").proves(NEW_ORDER).sends("{}").gives(201),
    line("POST /orders/{id}/reopen", "$new_order").proves(NEW_ORDER),
    line("POST /orders/{id}/cancel", "$new_order").proves(NEW_ORDER).sends("{}"),
    line("GET /orders/{id}/cancellation", "$order").proves(ORDER).query("tickets=$ticket").or(&["cancellation_closed"]),
    // Nothing of it has been paid for: there is no ticket that could go to anybody.
    line("POST /orders/{id}/transfer", "$new_order")
        .proves(NEW_ORDER)
        .sends(r#"{"to": {"name": "Grace", "email": "$some_email"}}"#)
        .gives(409),
    // This one is another order's.
    line("POST /orders/{id}/transfer", "$new_order")
        .proves(NEW_ORDER)
        .sends(r#"{"tickets": ["$ticket"], "to": {"name": "Grace", "email": "$some_email"}}"#)
        .gives(422),
    line("POST /orders/{id}/revoke-links", "$new_order").proves(NEW_ORDER).gives(204),
    line("GET /me/orders", ""),
    line("POST /me/orders/claim", "").sends(r#"{"order_id": "$new_order", "token": "$new_order_token"}"#).anew(),
    line("GET /orders/{id}/tickets", "$order").proves(ORDER),
    line("GET /tickets/{id}.pdf", "$ticket").proves(ORDER),
    line("GET /tickets/{id}.svg", "$ticket").proves(ORDER),
    line("GET /tickets/{id}.ics", "$ticket").proves(ORDER),
    line("GET /tickets/{id}.pdf", "$ticket").linked("t=$ticket_link"),
    line("GET /tickets/{id}.svg", "$ticket").linked("t=$ticket_link"),
    line("GET /tickets/{id}.ics", "$ticket").linked("t=$ticket_link"),
    // Last: afterwards the ticket admits nobody.
    line("POST /orders/{id}/cancel", "$order")
        .proves(ORDER)
        .sends(r#"{"tickets": ["$ticket"]}"#)
        .or(&["cancellation_closed", "order_not_open"]),
    line("POST /webhooks/{provider}/{account}", "sandbox default")
        .proves("aisle-sandbox-signature: $signature")
        .sends(
            r#"{"id": "$no_id", "type": "payment.captured", "payment": "$no_id", "provider_ref": "x", "amount": 1,
            "currency": "EUR", "at": "2030-01-01T00:00:00Z"}"#,
        )
        .gives(204),
    // Only where there is the demo.
    line("GET /demo/rush", "").gives(404),
    line("POST /demo/rush", "").sends(r#"{"show_id": "$show"}"#).gives(404),
];
