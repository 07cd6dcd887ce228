//! Errors as people and programs meet them: RFC 9457 problems with a stable `code`.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::challenge::ChallengeJson;
use crate::platform::db::DbFault;

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $title:literal;)+) => {
        /// The stable words by which clients tell errors apart. `docs/API.md` explains each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "each variant's title, below, is its documentation")]
        pub enum Code { $($variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The code with this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// What it means, in one sentence without the case at hand.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    MalformedRequest "malformed_request" BAD_REQUEST "The request could not be read.";
    ValidationFailed "validation_failed" UNPROCESSABLE_ENTITY "Something in the request is not as it should be.";
    Unauthenticated "unauthenticated" UNAUTHORIZED "You are not signed in.";
    SignInAgain "sign_in_again" FORBIDDEN "Show once more who you are: your password, or a new sign-in.";
    Forbidden "forbidden" FORBIDDEN "You may not do this.";
    MfaRequired "mfa_required" FORBIDDEN "Your role needs a second factor; set one up first.";
    HoldTokenInvalid "hold_token_invalid" FORBIDDEN "The hold's token is missing or wrong.";
    OrderTokenInvalid "order_token_invalid" FORBIDDEN "The order's token is missing or wrong.";
    OrderLinkEnded "order_link_ended" FORBIDDEN "This link was ended; a newer one went to the order's address.";
    AccessCodeRequired "access_code_required" FORBIDDEN "An access code is needed.";
    AccessCodeInvalid "access_code_invalid" FORBIDDEN "This access code opens nothing here, or not now.";
    LinkInvalid "link_invalid" FORBIDDEN "This link was used already, is too old, or is none of ours.";
    InvitationForAnother "invitation_for_another" FORBIDDEN "This invitation went to another address than yours.";
    SignatureInvalid "signature_invalid" FORBIDDEN "The signature is missing or wrong.";
    NotFound "not_found" NOT_FOUND "There is no such thing.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "This address does not know this method.";
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "The request took too long to arrive.";
    HeadTooLarge "head_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "The request's address and headers are too large.";
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE "The request's body is too large.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The request's body has the wrong content type.";
    SeatsTaken "seats_taken" CONFLICT "Some of these seats have just been taken.";
    AreaFull "area_full" CONFLICT "The area has not enough places left.";
    NoneAvailable "none_available" CONFLICT "No seats like these are left.";
    StrandsASeat "strands_a_seat" CONFLICT "This choice would leave a single seat.";
    PlanLacksPlaces "plan_lacks_places" CONFLICT "The new plan lacks places that are held or sold.";
    TableSoldWhole "table_sold_whole" CONFLICT "Some of these seats are sold only as a whole table or box.";
    SeatLimitReached "seat_limit_reached" CONFLICT "That is more places than one buyer may have.";
    AccessCodeUsedUp "access_code_used_up" CONFLICT "This access code has no more places.";
    PromoCodeInvalid "promo_code_invalid" CONFLICT "This promo code takes nothing off here, or not now.";
    PromoCodeUsedUp "promo_code_used_up" CONFLICT "This promo code has been used up.";
    VoucherInvalid "voucher_invalid" CONFLICT "This voucher pays nothing here, or not now.";
    VoucherUsedUp "voucher_used_up" CONFLICT "Nothing, or not enough, is left on this voucher.";
    PriceChanged "price_changed" CONFLICT "The price has changed; look at it again.";
    HoldLimitReached "hold_limit_reached" CONFLICT "That is more holds than one buyer may have.";
    HoldNotOpen "hold_not_open" CONFLICT "The hold is no longer open.";
    HoldLapsed "hold_lapsed" GONE "The hold has lapsed.";
    NotOnSale "not_on_sale" CONFLICT "The show is not on sale.";
    SalesPaused "sales_paused" CONFLICT "The sale of this show is paused.";
    SalesEnded "sales_ended" CONFLICT "The sale of this show has ended.";
    BookingCancelled "booking_cancelled" CONFLICT "The booking was cancelled.";
    WrongState "wrong_state" CONFLICT "The show's state does not allow this.";
    OrderNotOpen "order_not_open" CONFLICT "The order no longer awaits payment.";
    OrderUnderWay "order_under_way" CONFLICT "A payment or a refund is under way; it is over in some minutes.";
    ReviewClosed "review_closed" CONFLICT "Nobody waits for this decision, or not any more.";
    PaymentDisputed "payment_disputed" CONFLICT "The buyer's bank has claimed this payment back.";
    CancellationClosed "cancellation_closed" CONFLICT "The order can no longer be cancelled.";
    AmountChanged "amount_changed" CONFLICT "Another amount would come back by now; look again.";
    RefundNotFailed "refund_not_failed" CONFLICT "No such refund of this order waits for somebody.";
    TransferClosed "transfer_closed" CONFLICT "This ticket cannot be passed on.";
    ExchangeClosed "exchange_closed" CONFLICT "These tickets cannot be exchanged, or not any more.";
    ProviderUnknown "provider_unknown" UNPROCESSABLE_ENTITY "There is no such payment provider here.";
    AlreadySetUp "already_set_up" CONFLICT "This server is set up already.";
    AlreadyExists "already_exists" CONFLICT "There is one of this name already.";
    AlreadyMember "already_member" CONFLICT "They are a member of this house already.";
    TooManyInvitations "too_many_invitations" CONFLICT "Too many invitations of this house are open; withdraw some.";
    LastOrganizer "last_organizer" CONFLICT "Nobody else runs this house; make another organizer first.";
    LastAdministrator "last_administrator" CONFLICT "Nobody else administers this server; make another administrator first.";
    PasskeysUnavailable "passkeys_unavailable" CONFLICT "This server can have no passkeys under its public address.";
    InUse "in_use" CONFLICT "Something else still needs it.";
    RushRunning "rush_running" CONFLICT "A rush is running already.";
    IdempotencyKeyReused "idempotency_key_reused" CONFLICT "The idempotency key was used for another request.";
    RequestInFlight "request_in_flight" CONFLICT "The same request is still being worked on.";
    EditConflict "edit_conflict" PRECONDITION_FAILED "Somebody else has changed it since you read it.";
    ChallengeRequired "challenge_required" FORBIDDEN "Show first that you are no program.";
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS "Too many requests; wait a moment.";
    Busy "busy" SERVICE_UNAVAILABLE "The server is busy; try again in a moment.";
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side.";
}

/// One field of a request that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Which field, as a path from the body's root.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// An error's body: RFC 9457 `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank` is never used: it is the code as a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the code means.
    pub title: Cow<'static, str>,
    /// The HTTP status, once more.
    pub status: u16,
    /// What happened in this case, for people.
    pub detail: String,
    /// The stable word.
    pub code: Code,
    /// Every offending seat's `seat_guid`, where the refusal is about seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seats: Option<Vec<String>>,
    /// Every offending field, where validation failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<FieldProblem>>,
    /// How long to wait before the next try, in seconds; also in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retry_after_s: Option<u64>,
    /// Which hold the refusal is about, where an order has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hold_id: Option<uuid::Uuid>,
    /// Which challenge to pass, where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub challenge: Option<ChallengeJson>,
}

/// An answer that is a problem. Faults are logged where they become one, once, with their whole chain.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    /// This problem, with what happened in this case.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            kind: format!("urn:aisle:problem:{}", code.word()),
            title: Cow::Borrowed(code.title()),
            status: code.status().as_u16(),
            detail: detail.into(),
            code,
            seats: None,
            errors: None,
            retry_after_s: None,
            hold_id: None,
            challenge: None,
        }))
    }

    /// This problem, where its title says all there is to say.
    #[must_use]
    pub fn plain(code: Code) -> Self {
        Self::new(code, code.title())
    }

    /// There is no such thing: `what` is "show", "order", …
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// One field is not as it should be.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { field: field.into(), message: message.into() }])
    }

    /// Several fields are not as they should be.
    #[must_use]
    pub fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.field.is_empty() => format!("The request is not as it should be: {}.", one.message),
            [one] => format!("{} is not as it should be: {}.", one.field, one.message),
            many => format!("{} fields are not as they should be.", many.len()),
        };
        let mut error = Self::new(Code::ValidationFailed, detail);
        error.0.errors = Some(errors);
        error
    }

    /// Something on our side failed: logs the chain and tells the caller nothing of it. Connection trouble is 503, the rest 500.
    #[must_use]
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = chain(error), "A request could not be answered");
        Self::plain(Code::Internal)
    }

    /// The server can't just now; `seconds` from now it may.
    #[must_use]
    pub fn busy(seconds: u64) -> Self {
        Self::plain(Code::Busy).retry_after(seconds)
    }

    /// The same, with `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds.max(1));
        self
    }

    /// The same, with the offending seats named.
    #[must_use]
    pub fn seats(mut self, seats: Vec<String>) -> Self {
        self.0.seats = Some(seats);
        self
    }

    /// The same, with the hold it is about.
    #[must_use]
    pub fn hold(mut self, hold: uuid::Uuid) -> Self {
        self.0.hold_id = Some(hold);
        self
    }

    /// The same, with the challenge that is to be passed.
    #[must_use]
    pub fn challenge(mut self, challenge: ChallengeJson) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }
}

/// An error with everything below it, for one log line.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(source) = below {
        text.push_str(": ");
        text.push_str(&source.to_string());
        below = source.source();
    }
    text
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code.word(), self.0.detail)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")));
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        if let Some(seconds) = self.0.retry_after_s {
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        response.body(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl From<DbFault> for ApiError {
    fn from(fault: DbFault) -> Self {
        match &fault.0 {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                tracing::warn!(error = chain(&fault), "The database cannot be reached");
                Self::busy(2)
            }
            // Postgres is starting, stopping, or out of connections.
            sqlx::Error::Database(error)
                if error.code().is_some_and(|code| {
                    code.starts_with("57P") || code.starts_with("53") || code.starts_with("08")
                }) =>
            {
                tracing::warn!(error = chain(&fault), "The database cannot serve us just now");
                Self::busy(2)
            }
            // Text that Postgres cannot keep, such as a NUL: the request is at fault, wherever it slipped in.
            sqlx::Error::Database(error) if error.code().is_some_and(|code| code.starts_with("22")) => {
                Self::field("", "it has text or a number that cannot be stored")
            }
            _ => Self::fault(&fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_finds_its_way_back_from_its_word() {
        for &code in Code::ALL {
            assert_eq!(Code::from_word(code.word()), Some(code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.word());
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        }
    }

    #[test]
    fn a_problem_says_what_clients_rely_on() {
        let error = ApiError::plain(Code::SeatsTaken).seats(vec!["A-1".to_owned()]);
        let body: serde_json::Value = serde_json::to_value(&*error.0).unwrap();
        assert_eq!(body["code"], "seats_taken");
        assert_eq!(body["status"], 409);
        assert_eq!(body["seats"][0], "A-1");
        assert!(body.get("errors").is_none());
        let busy = ApiError::busy(0).error_response();
        assert_eq!(busy.headers().get("retry-after").unwrap(), "1");
    }
}
