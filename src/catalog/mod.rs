//! What is sold: venues, plans, productions, shows, prices; and finding them.

mod lookup;
pub mod plan;
pub mod poster;

pub use lookup::Catalog;
