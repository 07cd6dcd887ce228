//! Bugs on purpose. The simulator plants one at a time to show that it would be found; a build without the feature `planted`
//! has none of them, and the server refuses to be built with it.

use std::fmt;
use std::str::FromStr;

/// One bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Bug {
    /// The journal writes without asking whose the show is.
    SkipOwnerLock = 1,
    /// Answers leave before the journal has what they rest on.
    ReplyBeforeDurable,
    /// A hold whose payment is running lapses like any other.
    ExpirePayingHold,
    /// Selling a hold chooses the best seats once more.
    ChooseAgainAtBooking,
    /// What a provider says twice is taken for two payments.
    ForgetPayments,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SkipOwnerLock,
        Self::ReplyBeforeDurable,
        Self::ExpirePayingHold,
        Self::ChooseAgainAtBooking,
        Self::ForgetPayments,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SkipOwnerLock => "skip_owner_lock",
            Self::ReplyBeforeDurable => "reply_before_durable",
            Self::ExpirePayingHold => "expire_paying_hold",
            Self::ChooseAgainAtBooking => "choose_again_at_booking",
            Self::ForgetPayments => "forget_payments",
        }
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Bug {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|bug| bug.name() == name).ok_or_else(|| format!("there is no bug called {name}"))
    }
}

/// Whether this build can have bugs planted at all.
pub const POSSIBLE: bool = cfg!(feature = "planted");

/// Whether this bug is there. Never, without the feature.
#[cfg(not(feature = "planted"))]
#[inline(always)]
#[must_use]
pub const fn is(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted")]
static PLANTED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Whether this bug is there.
#[cfg(feature = "planted")]
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.load(std::sync::atomic::Ordering::Relaxed) == bug as u8
}

/// Plants a bug in this process, in place of the one before; `None` plants nothing.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.store(bug.map_or(0, |bug| bug as u8), std::sync::atomic::Ordering::Relaxed);
}
