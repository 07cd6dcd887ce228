//! The site, accounts, and what people do with their own.

use super::super::line::{Line, line};

/// A browser's refresh token: all that may be left of a session.
const REFRESH: &str = "cookie: aisle_refresh=$some_refresh_token\naisle-csrf: 1";

pub const LINES: &[Line] = &[
    line("GET /site", ""),
    // This server is set up; `catalog::setup` sets one up that is not.
    line("POST /setup", "")
        .sends(
            r#"{"token": "x", "administrator": {"name": "Ada", "email": "$some_email", "password": "$password"},
            "house": {"name": "House"}, "currency": "EUR", "time_zone": "Europe/Stockholm", "venue": {"name": "Hall", "city": "Lund"}}"#,
        )
        .gives(409),
    line("POST /auth/login", "").sends(r#"{"email": "$some_person_email", "password": "$password"}"#),
    line("POST /auth/register", "")
        .sends(r#"{"name": "Ada", "email": "$some_email", "password": "$password"}"#)
        .gives(202),
    line("POST /auth/verify-email", "").sends(r#"{"token": "$some_verify_token"}"#).gives(204),
    line("POST /auth/forgot-password", "").sends(r#"{"email": "$some_person_email"}"#).gives(202),
    line("POST /auth/reset-password", "")
        .sends(r#"{"token": "$some_reset_token", "password": "another velvet otter piano"}"#)
        .gives(204),
    line("POST /auth/refresh", "").sends(r#"{"refresh_token": "$some_refresh_token"}"#),
    line("POST /auth/logout", "").with(REFRESH).gives(204).anew(),
    line("GET /me", ""),
    line("GET /me/export", ""),
    line("PATCH /me", "").sends(r#"{"name": "Ada Walker"}"#),
    line("POST /me/email", "").sends(r#"{"email": "$some_email", "password": "$password"}"#).gives(202),
    line("POST /me/password", "")
        .sends(r#"{"current_password": "$password", "new_password": "another velvet otter piano"}"#)
        .gives(204)
        .anew(),
    line("GET /me/sessions", ""),
    line("DELETE /me/sessions/{id}", "$my_session").gives(204),
    line("POST /auth/invitations/look", "").sends(r#"{"token": "$new_invitation_token"}"#),
    // Who has an account is told that another was asked.
    line("POST /auth/invitations/accept", "")
        .sends(r#"{"token": "$new_invitation_token", "name": "Ada", "password": "$password"}"#)
        .gives(201)
        .or(&["invitation_for_another"]),
    line("GET /auth/mfa", ""),
    line("POST /auth/mfa/enroll", "").sends(r#"{"password": "$password"}"#).anew(),
    // Of who has no app no code is right; `factors` has those who have one.
    line("POST /auth/mfa/confirm", "").sends(r#"{"code": "123456"}"#).gives(403).anew(),
    line("POST /auth/mfa/challenge", "").sends(r#"{"challenge": "x", "code": "123456"}"#).gives(404),
    line("POST /auth/mfa/disable", "").sends(r#"{"password": "$password"}"#).gives(404).anew(),
    line("POST /auth/mfa/recovery-codes", "").sends(r#"{"password": "$password"}"#).gives(404).anew(),
    line("GET /auth/passkeys", ""),
    line("PATCH /auth/passkeys/{id}", "$my_passkey").sends(r#"{"name": "Phone"}"#).gives(204).anew(),
    line("DELETE /auth/passkeys/{id}", "$my_passkey").sends(r#"{"password": "$password"}"#).gives(204).anew(),
    line("POST /auth/passkeys/register/start", "").sends(r#"{"password": "$password"}"#).or(&["passkeys_unavailable"]).anew(),
    // `factors::passkeys` has authenticators; here it is enough that the answer is about the key.
    line("POST /auth/passkeys/register/finish", "")
        .sends(r#"{"ceremony": "x", "name": "Phone", "credential": {}}"#)
        .gives(422),
    line("POST /auth/passkeys/login/start", "").sends("{}").or(&["passkeys_unavailable"]),
    line("POST /auth/passkeys/login/finish", "").sends(r#"{"ceremony": "x", "credential": {}}"#).gives(422),
    line("GET /auth/oauth", ""),
    line("GET /auth/oauth/{provider}/start", "club").gives(303),
    // Whoever did not begin here is sent to sign in.
    line("GET /auth/oauth/{provider}/callback", "club").gives(303),
    // There is no such other house on this machine; `other_houses` has one.
    line("POST /auth/oauth/{provider}/link", "club").sends(r#"{"password": "$password"}"#).gives(503),
    line("GET /me/linked-accounts", ""),
    line("DELETE /me/linked-accounts/{id}", "$my_link").sends(r#"{"password": "$password"}"#).gives(204).anew(),
    line("DELETE /me", "").sends(r#"{"at_once": true}"#).anew(),
];
