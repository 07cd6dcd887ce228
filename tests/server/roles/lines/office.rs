//! The back office.

use aisle::accounts::Role::Organizer;
use aisle::accounts::needs::Need::Staff;

use super::super::line::{Line, line};

pub const LINES: &[Line] = &[
    line("GET /admin/organizers", ""),
    line("GET /admin/organizers", "").query("organizer_id=$organizer"),
    line("POST /admin/organizers", "").sends(r#"{"name": "Another house"}"#).gives(201),
    line("GET /admin/organizers/{id}", "$organizer"),
    line("PATCH /admin/organizers/{id}", "$organizer").sends(r#"{"metadata": {"walked": true}}"#),
    line("DELETE /admin/organizers/{id}", "$new_organizer").gives(204),
    line("GET /admin/organizers/{id}/mfa", "$organizer"),
    line("PUT /admin/organizers/{id}/mfa", "$organizer").sends(r#"{"mfa_required_for": []}"#),
    line("GET /admin/organizers/{id}/members", "$organizer"),
    line("POST /admin/organizers/{id}/members", "$organizer")
        .sends(r#"{"email": "$some_email", "role": "scanner"}"#)
        .gives(201),
    line("PATCH /admin/organizers/{id}/members/{user}", "$organizer $new_member").sends(r#"{"role": "box_office"}"#),
    line("DELETE /admin/organizers/{id}/members/{user}", "$organizer $new_member").gives(204),
    line("DELETE /admin/organizers/{id}/invitations/{invitation}", "$organizer $new_invitation").gives(204),
    line("POST /admin/organizers/{id}/invitations/{invitation}/resend", "$organizer $new_invitation"),
    line("GET /admin/users", ""),
    line("GET /admin/users/{id}", "$member"),
    line("PUT /admin/users/{id}/roles", "$new_member")
        .sends(r#"{"memberships": [{"organizer_id": "$organizer", "role": "scanner"}]}"#),
    line("POST /admin/users/{id}/end-sessions", "$new_member"),
    line("GET /admin/venues", ""),
    line("GET /admin/venues", "").query("organizer_id=$organizer"),
    line("POST /admin/venues", "")
        .sends(r#"{"organizer_id": "$organizer", "name": "Cellar", "city": "Lund", "time_zone": "Europe/Stockholm"}"#)
        .gives(201),
    line("GET /admin/venues/{id}", "$venue"),
    line("PATCH /admin/venues/{id}", "$venue").sends(r#"{"metadata": {"walked": true}, "organizer_id": "$organizer"}"#),
    line("DELETE /admin/venues/{id}", "$new_venue").gives(204),
    line("GET /admin/plans", ""),
    line("GET /admin/plans", "").query("organizer_id=$organizer"),
    line("POST /admin/plans", "").query("organizer_id=$organizer&venue_id=$venue").sends("$plan_json").gives(201),
    line("POST /admin/plans", "").query("plan_id=$new_plan").sends("$plan_json").gives(201),
    line("POST /admin/plans", "")
        .sends(r#"{"organizer_id": "$organizer", "venue_id": "$venue", "plan": $plan_json}"#)
        .gives(201),
    line("GET /admin/plans/{id}", "$plan"),
    line("GET /admin/plans/{id}/document", "$plan").query("v=$plan_version"),
    line("PATCH /admin/plans/{id}", "$plan").sends(r#"{"venue_id": "$venue"}"#),
    line("DELETE /admin/plans/{id}", "$new_plan").gives(204),
    line("GET /admin/productions", ""),
    line("GET /admin/productions", "").query("organizer_id=$organizer"),
    line("POST /admin/productions", "")
        .sends(r#"{"organizer_id": "$organizer", "title": "Medea", "kind": "theatre"}"#)
        .gives(201),
    line("GET /admin/productions/{id}", "$production"),
    line("PATCH /admin/productions/{id}", "$production")
        .sends(r#"{"metadata": {"walked": true}, "organizer_id": "$organizer"}"#),
    line("DELETE /admin/productions/{id}", "$new_production").gives(204),
    line("GET /admin/shows", ""),
    line("GET /admin/shows", "").query("organizer_id=$organizer"),
    line("POST /admin/shows", "")
        .sends(
            r#"{"production_id": "$production", "venue_id": "$venue", "plan_id": "$plan", "currency": "EUR",
            "starts_at": "2030-07-01T18:00:00Z"}"#,
        )
        .gives(201),
    line("GET /admin/shows/{id}", "$show"),
    line("PATCH /admin/shows/{id}", "$draft")
        .sends(r#"{"production_id": "$production", "venue_id": "$venue", "plan_id": "$plan"}"#),
    line("PATCH /admin/shows/{id}", "$show").sends(r#"{"metadata": {"walked": true}}"#),
    line("DELETE /admin/shows/{id}", "$new_draft").gives(204),
    line("GET /admin/shows/{id}/prices", "$show"),
    line("PUT /admin/shows/{id}/prices", "$show").sends(
        r##"{"ticket_types": [{"id": "$ticket_type", "key": "adult", "name": "Adult", "default": true},
                              {"key": "child", "name": "Child"}],
            "price_levels": [
            {"key": "best", "name": "Best", "category": "Best", "color": "#8e3b8a",
             "prices": [{"ticket_type": "adult", "amount": 4500}, {"ticket_type": "child", "amount": 2000}]},
            {"key": "good", "name": "Good", "category": "Good", "color": "#8e3b8a",
             "prices": [{"ticket_type": "adult", "amount": 3000}, {"ticket_type": "child", "amount": 1500}]}]}"##,
    ),
    line("POST /admin/shows/{id}/state", "$new_show").sends(r#"{"action": "pause"}"#),
    line("GET /admin/shows/{id}/refunds", "$show"),
    line("GET /admin/shows/{id}/refunds", "$show").query("failed_after=$order").narrows(),
    // It takes place.
    line("POST /admin/shows/{id}/refunds", "$show").sends(r#"{"reason": "Fire"}"#).gives(409),
    line("POST /admin/shows/{id}/refunds/state", "$show").sends(r#"{"action": "pause"}"#).gives(409),
    line("GET /admin/shows/{id}/plan", "$show").query("plan_version=$plan_version"),
    line("PUT /admin/shows/{id}/plan", "$show").sends(r#"{"plan_version": "$plan_version"}"#),
    line("GET /admin/shows/{id}/journal", "$show"),
    line("GET /admin/shows/{id}/allocations", "$show"),
    line("POST /admin/shows/{id}/allocations", "$show")
        .sends(r#"{"areas": [{"area": "floor", "quantity": 1}], "reason": "The press"}"#)
        .gives(201),
    line("GET /admin/shows/{id}/allocations/{allocation}", "$show $allocation"),
    line("PATCH /admin/shows/{id}/allocations/{allocation}", "$show $allocation").sends(r#"{"reason": "The critics"}"#),
    line("DELETE /admin/shows/{id}/allocations/{allocation}", "$show $new_allocation").gives(204),
    line("GET /admin/shows/{id}/access-codes", "$show"),
    line("POST /admin/shows/{id}/access-codes", "$show").sends(r#"{"allocation_id": "$allocation"}"#).gives(201),
    line("GET /admin/shows/{id}/access-codes/{code}", "$show $code"),
    line("PATCH /admin/shows/{id}/access-codes/{code}", "$show $code").sends(r#"{"note": "The critics"}"#),
    // It opens what it was made for; that is told to whoever may ask.
    line("PATCH /admin/shows/{id}/access-codes/{code}", "$show $code")
        .sends(r#"{"allocation_id": "$allocation"}"#)
        .gives(422),
    line("DELETE /admin/shows/{id}/access-codes/{code}", "$show $new_code").gives(204),
    line("GET /admin/orders", ""),
    line("GET /admin/orders", "").query("show=$show").narrows(),
    line("GET /admin/orders/{id}", "$order"),
    line("GET /admin/orders/{id}/money", "$order"),
    // Nobody has paid this one: there is nothing to give back, by whomever.
    line("POST /admin/orders/{id}/refunds", "$new_order")
        .with("idempotency-key: $no_id")
        .sends(r#"{"reason": "The buyer is ill"}"#)
        .gives(409),
    line("POST /admin/orders/{id}/refunds", "$new_order")
        .with("idempotency-key: $no_id-2")
        .sends(r#"{"reason": "The heating failed", "amount": 100, "keep_tickets": true}"#)
        .gives(409)
        .asks(Staff(Organizer)),
    // This one is another order's.
    line("POST /admin/orders/{id}/refunds", "$new_order")
        .with("idempotency-key: $no_id-3")
        .sends(r#"{"reason": "The buyer is ill", "tickets": ["$ticket"]}"#)
        .gives(422),
    line("POST /admin/orders/{id}/refunds/{refund}", "$order $no_id").sends(r#"{"action": "again"}"#).gives(409),
    // Nothing is held of this one; `fraud` has those that are.
    line("POST /admin/orders/{id}/review", "$order").sends(r#"{"decision": "accept"}"#).gives(409),
    line("GET /admin/organizers/{id}/fraud-rules", "$organizer"),
    line("PUT /admin/organizers/{id}/fraud-rules", "$organizer").sends(
        r#"{"velocity": {"action": "flag", "window_s": 3600, "attempts_max": 20, "places_max": 60,
                         "address_attempts_max": 200, "address_places_max": 600},
            "mismatch": {"action": "off", "countries": []},
            "reuse": {"action": "flag", "window_s": 86400, "emails_max": 3}, "decide_within_s": 86400}"#,
    ),
    line("GET /admin/organizers/{id}/dispute-rules", "$organizer"),
    line("PUT /admin/organizers/{id}/dispute-rules", "$organizer").sends(r#"{"tickets": "flag"}"#),
    line("GET /admin/organizers/{id}/price-rules", "$organizer"),
    line("PUT /admin/organizers/{id}/price-rules", "$organizer").sends(
        r#"{"fees": [{"name": "Fee", "per": "ticket", "amount": {"percent_bp": 100}, "only": {"shows": ["$show"]}}],
            "taxes": [{"name": "VAT", "rate_bp": 600, "included": true, "only": {"shows": ["$show"]}}]}"#,
    ),
    line("GET /admin/promo-codes", ""),
    line("GET /admin/promo-codes", "").query("organizer_id=$organizer"),
    line("POST /admin/promo-codes", "")
        .sends(r#"{"organizer_id": "$organizer", "discount": {"percent_bp": 1000}, "only": {"shows": ["$show"]}}"#)
        .gives(201),
    line("GET /admin/promo-codes/{id}", "$promo"),
    line("PATCH /admin/promo-codes/{id}", "$promo").sends(r#"{"note": "Leaflets", "only": {"shows": ["$show"]}}"#),
    line("PATCH /admin/promo-codes/{id}", "$promo").sends(r#"{"organizer_id": "$organizer"}"#),
    line("DELETE /admin/promo-codes/{id}", "$new_promo").gives(204),
    line("GET /admin/vouchers", ""),
    line("GET /admin/vouchers", "").query("organizer_id=$organizer"),
    line("POST /admin/vouchers", "")
        .sends(r#"{"organizer_id": "$organizer", "amount": {"amount": 5000, "currency": "EUR"}, "reason": "Sold"}"#)
        .gives(201),
    line("GET /admin/vouchers/{id}", "$voucher"),
    line("GET /admin/vouchers/{id}/movements", "$voucher"),
    line("PATCH /admin/vouchers/{id}", "$voucher").sends(r#"{"reason": "Sold, bill 17"}"#),
    line("POST /admin/vouchers/{id}/void", "$new_voucher"),
    line("GET /admin/organizers/{id}/payment-accounts", "$organizer"),
    line("POST /admin/organizers/{id}/payment-accounts", "$organizer")
        .sends(r#"{"provider": "stripe", "name": "Ours", "secret_key": "sk_test_walkwalkwalk1", "methods": ["card"], "enabled": false}"#)
        .gives(201),
    line("GET /admin/organizers/{id}/payment-accounts/{account}", "$organizer $new_account"),
    line("PATCH /admin/organizers/{id}/payment-accounts/{account}", "$organizer $new_account")
        .sends(r#"{"name": "Ours alone", "enabled": false}"#),
    line("POST /admin/organizers/{id}/payment-accounts/{account}/test", "$organizer $new_account"),
    line("DELETE /admin/organizers/{id}/payment-accounts/{account}", "$organizer $new_account").gives(204),
    line("GET /admin/payments", ""),
    line("GET /admin/money-work", ""),
    line("POST /admin/money-work/{id}/done", "$work").sends(r#"{"note": "Asked the provider"}"#).gives(204),
    line("GET /admin/reports/sales", ""),
    line("GET /admin/reports/payments", ""),
    line("GET /admin/reports/ledger", ""),
    line("GET /admin/reports/payouts", ""),
    // Sent as JSON it is no file; `money` has those that are.
    line("POST /admin/reports/payouts", "").query("organizer_id=$organizer").sends("a,b").gives(415),
    line("GET /admin/reports/payouts/{id}", "$payouts"),
    line("GET /admin/mailbox", ""),
    line("GET /admin/mailbox/{id}", "$mail"),
    line("GET /admin/mailbox/{id}/html", "$mail"),
    line("GET /admin/mailbox/{id}/attachments/{name}", "$mail $file"),
    line("GET /admin/api-keys", "").query("organizer_id=$organizer"),
    line("POST /admin/api-keys", "")
        .sends(r#"{"organizer_id": "$organizer", "name": "A shop", "scopes": ["orders:read"]}"#)
        .gives(201),
    line("DELETE /admin/api-keys/{id}", "$new_key").gives(204),
    line("GET /admin/devices", "").query("organizer_id=$organizer"),
    line("POST /admin/devices", "")
        .sends(r#"{"organizer_id": "$organizer", "name": "Door", "show_id": "$show"}"#)
        .gives(201),
    line("DELETE /admin/devices/{id}", "$new_device").gives(204),
    line("GET /admin/audit-log", "").query("organizer_id=$organizer&actor=$member"),
    line("GET /admin/site/mfa", ""),
    line("PUT /admin/site/mfa", "").sends(r#"{"mfa_required_for_admins": false}"#),
    line("GET /admin/system/security-events", ""),
    line("GET /admin/system/retention", ""),
    line("POST /admin/customers/{id}/erase", "$new_customer").sends(r#"{"at_once": true}"#),
];
