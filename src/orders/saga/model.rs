//! The words of the saga.

use aisle_actors::core::Rejection;
use jiff::Timestamp;
use uuid::Uuid;

use super::review::Verdict;
use crate::payments::{MethodKind, Report};
use crate::platform::money::Money;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $word:literal,)+ }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $(#[$doc])*
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Its word in the database.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one with this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(super) use words;

words! {
    /// How far an order is.
    OrderState {
        /// Nobody has paid yet.
        AwaitingPayment "awaiting_payment",
        /// The amount is set aside, and staff look at the order before it is taken.
        InReview "in_review",
        /// The money is set aside, or here; the seats are being booked.
        Authorized "authorized",
        /// The seats are booked; the money is being collected.
        Booked "booked",
        /// Booked and paid.
        Captured "captured",
        /// The tickets are out.
        Confirmed "confirmed",
        /// Payment did not come, or came to nothing.
        Expired "expired",
        /// Money is on its way back; the seats are still booked.
        Refunding "refunding",
        /// Everything was given back.
        Refunded "refunded",
        /// Some of it was.
        PartiallyRefunded "partially_refunded",
        /// The buyer gave it up, or it never began.
        Cancelled "cancelled",
    }
}

words! {
    /// How far one hold of an order is.
    PartState {
        /// The show has perhaps not heard of the payment.
        Intended "intended",
        /// The show waits for the payment.
        Paying "paying",
        /// Sold.
        Booked "booked",
        /// Cannot be sold any more, though the money came.
        Lost "lost",
        /// The hold is its buyer's again.
        Open "open",
        /// The seats are free again.
        Ended "ended",
        /// It was booked and is given back.
        Returned "returned",
    }
}

words! {
    /// How far an attempt to pay is.
    AttemptStatus {
        /// The provider has perhaps not heard of it.
        Starting "starting",
        /// The buyer can pay.
        Pending "pending",
        /// The amount is set aside.
        Authorized "authorized",
        /// The money is here.
        Captured "captured",
        /// The bank said no.
        Declined "declined",
        /// We want it closed, and the provider has not said so yet.
        Cancelling "cancelling",
        /// Closed.
        Cancelled "cancelled",
        /// All of it was given back.
        Refunded "refunded",
    }
}

words! {
    /// How far a refund is.
    RefundStatus {
        /// The provider has perhaps not heard of it.
        Pending "pending",
        /// The provider has recorded it.
        Succeeded "succeeded",
        /// The provider will not do it: somebody must look.
        Failed "failed",
        /// The house gave the money back another way.
        ByHand "by_hand",
        /// It failed, and another one was begun in its place.
        Again "again",
    }
}

words! {
    /// What a line of an order is.
    LineKind {
        /// One place, or several of an area.
        Ticket "ticket",
        /// What the house asks for its work.
        Fee "fee",
        /// What is added for the state, where prices are named without it.
        Tax "tax",
        /// What is taken off.
        Discount "discount",
        /// What a voucher pays: negative, and no price of anything.
        Voucher "voucher",
        /// What tickets of another order pay that are given for this one; so is this.
        Exchange "exchange",
    }
}

impl LineKind {
    /// Whether the line is money that pays for the others, rather than something that is sold.
    #[must_use]
    pub fn is_credit(self) -> bool {
        match self {
            Self::Voucher | Self::Exchange => true,
            Self::Ticket | Self::Fee | Self::Tax | Self::Discount => false,
        }
    }
}

/// One hold of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Of which show.
    pub show: Uuid,
    /// Which hold.
    pub hold: Uuid,
    /// The booking that it becomes.
    pub booking: Uuid,
    /// How far it is.
    pub state: PartState,
    /// Its seats, by guid.
    pub seats: Vec<String>,
    /// Its places of areas, by id.
    pub areas: Vec<(String, u32)>,
}

/// One attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Our id.
    pub id: Uuid,
    /// From one.
    pub number: i32,
    /// At which provider.
    pub provider: String,
    /// To which account of the house there.
    pub account: String,
    /// By which method.
    pub method: String,
    /// How it takes the money.
    pub kind: MethodKind,
    /// How far it is.
    pub status: AttemptStatus,
    /// How much.
    pub amount: Money,
    /// The provider's name for it.
    pub provider_ref: Option<String>,
    /// Where the buyer pays.
    pub checkout_url: Option<String>,
    /// When the buyer paid, by the provider's clock.
    pub paid_at: Option<Timestamp>,
    /// What it was paid with, as far as the provider tells.
    pub instrument: Option<Instrument>,
    /// When to ask the provider, should it not say anything by itself.
    pub next_check_at: Option<Timestamp>,
    /// What went wrong.
    pub problem: Option<String>,
}

/// What somebody pays with: a card, an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// The same for the same instrument at the same provider; says nothing else of it.
    pub id: Uuid,
    /// Of which country it is, by its two letters.
    pub country: Option<String>,
}

/// Money on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repayment {
    /// Its id, also the key at the provider.
    pub id: Uuid,
    /// To which payment; or onto which line, where what a voucher or an exchange had paid goes back.
    pub payment: Uuid,
    /// Why, as a word.
    pub cause: String,
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub status: RefundStatus,
    /// Why, for people.
    pub reason: String,
    /// Once the provider had recorded it, and later it failed: the books owe this money.
    pub owed: bool,
    /// How it was given back by hand, in the words of staff.
    pub note: String,
    /// When it was decided.
    pub created_at: Timestamp,
}

impl Repayment {
    /// Whether the buyer gives tickets back for it, rather than that the money bought nothing.
    #[must_use]
    pub fn is_for_tickets(&self) -> bool {
        self.cause.starts_with("cancel:")
    }

    /// Whether its money had come too late for the seats.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.cause.trim_end_matches('+') == "late"
    }

    /// Whether it is a kindness: money back for tickets that stay.
    #[must_use]
    pub fn is_goodwill(&self) -> bool {
        self.cause.starts_with("goodwill:")
    }

    /// Whether its money has left the payment, is about to, or is owed.
    #[must_use]
    pub fn takes_money(&self) -> bool {
        match self.status {
            RefundStatus::Pending | RefundStatus::Succeeded | RefundStatus::ByHand => true,
            // The tickets that it is for are gone, whatever becomes of it: nothing else is done with its money.
            RefundStatus::Failed => self.owed || self.is_of_exchange() || self.is_from_exchange(),
            RefundStatus::Again => false,
        }
    }
}

/// What was ordered: one place, or a fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub kind: LineKind,
    /// The ticket line that a fee, a tax or a discount belongs to and goes back with; `None` where it is the whole order's.
    pub of: Option<Uuid>,
    /// Of which show; a fee of the whole order has none.
    pub show: Option<Uuid>,
    /// Of which hold.
    pub hold: Option<Uuid>,
    /// Which seat, by guid.
    pub seat: Option<String>,
    /// Which area, by id.
    pub area: Option<String>,
    /// How many places.
    pub quantity: u32,
    /// What it costs, whole; a discount is negative.
    pub amount: i64,
    /// How much of the amount is tax.
    pub tax: i64,
    /// How much of the amount is not given back with it.
    pub kept: i64,
    /// Wanted back, and not yet given back.
    pub giving_back: bool,
    /// Given back.
    pub cancelled: bool,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This; then [`super::Saga::learn`] what came of it.
    Do(Effect),
    /// Nothing until then, or until there is news.
    Rest {
        /// When to ask again; `None`: it rests for good.
        until: Option<Timestamp>,
    },
}

/// Something to be done outside. Each may be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the show that this hold is being paid for.
    StartPayment {
        /// Which.
        hold: Uuid,
    },
    /// The payment is given up: the hold is its buyer's again.
    Reopen {
        /// Which.
        hold: Uuid,
    },
    /// The payment did not come: the seats are free again.
    EndPayment {
        /// Which.
        hold: Uuid,
    },
    /// Sell what the hold has.
    Book {
        /// Which.
        hold: Uuid,
    },
    /// Sell what the hold had.
    SellLate {
        /// Which.
        hold: Uuid,
    },
    /// Take the whole booking back.
    CancelBooking {
        /// Of which hold.
        hold: Uuid,
    },
    /// Take those places of the booking back whose lines are being given back.
    GiveBack {
        /// Of which hold.
        hold: Uuid,
    },
    /// Begin an attempt at the provider.
    Start {
        /// Which.
        payment: Uuid,
    },
    /// Close an attempt that nobody has paid.
    Cancel {
        /// Which.
        payment: Uuid,
    },
    /// Ask the provider what became of an attempt.
    LookUp {
        /// Which.
        payment: Uuid,
    },
    /// Let go of an amount that was set aside.
    Void {
        /// Which.
        payment: Uuid,
    },
    /// Collect the amount.
    Capture {
        /// Which.
        payment: Uuid,
    },
    /// Give money back.
    Refund {
        /// Which.
        refund: Uuid,
        /// Its key may have been forgotten: look for it at the provider first.
        look_first: bool,
    },
    /// Ask the rules of the house what they think of the order, now that this payment can buy its seats.
    Judge {
        /// Which.
        payment: Uuid,
    },
    /// Issue the tickets and say so; done by saving.
    Confirm,
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// The hold is being paid for, until then; it has these places.
    Paying {
        /// Until when.
        pay_by: Timestamp,
        /// Its seats, by guid.
        seats: Vec<String>,
        /// Its places of areas, by id.
        areas: Vec<(String, u32)>,
    },
    /// The show refused.
    Refused(Rejection),
    /// The attempt has begun.
    Started {
        /// The provider's name for it, where it has one before anybody has paid.
        provider_ref: Option<String>,
        /// Where the buyer pays.
        checkout_url: Option<String>,
    },
    /// Somebody was first: it is paid.
    AlreadyPaid,
    /// What the provider knows.
    Reports(Vec<Report>),
    /// What the rules say.
    Judged(Verdict),
    /// The provider or the bank said no, and will again.
    No {
        /// Why.
        reason: String,
    },
    /// Nobody answered: it may have been done. Again later.
    Later {
        /// Why.
        reason: String,
    },
}

/// A hold that could not be paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub hold: Uuid,
    /// Of which show.
    pub show: Uuid,
    /// Why.
    pub rejection: Rejection,
}
