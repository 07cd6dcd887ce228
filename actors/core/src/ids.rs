//! Names of things. Each id is a type of its own, so that `book(payment, hold)` does not compile.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// One occurrence of a production: the unit of inventory and of actors.
    ShowId
);
uuid_id!(
    /// Seats set aside for one buyer. Derived from (scope, idempotency key) where the caller gave a key, else random.
    HoldId
);
uuid_id!(
    /// The confirmed claim of an order on seats of one show.
    BookingId
);
uuid_id!(
    /// One purchase. The core only compares it: a hold that is paying knows for which order.
    OrderId
);
uuid_id!(
    /// Seats kept from sale by the house.
    AllocationId
);
uuid_id!(
    /// Whoever the server counts as one buyer, for per-buyer limits. Carries no personal data.
    BuyerId
);
uuid_id!(
    /// A code that opens a presale or an allocation; not the word itself, which the core never sees.
    AccessCodeId
);
uuid_id!(
    /// One immutable version of a seat plan.
    PlanVersionId
);

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// The number as an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// The number that a plan gave to one `seat_guid`, once. Never reused, also not by a later version of the plan, so
    /// numbers have gaps where seats were taken out. Not the seat's place in the plan's order: see [`crate::Plan::order`].
    SeatNo(u32)
);
number_id!(
    /// The number that a plan gave to one general-admission `area_id`, once.
    AreaNo(u16)
);
number_id!(
    /// A section's place in this version of the plan.
    SectionNo(u16)
);
number_id!(
    /// A plan's price category, by its place in this version of the plan.
    CategoryNo(u16)
);
