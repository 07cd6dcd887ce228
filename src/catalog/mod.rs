//! What is sold: venues, plans, productions, shows, prices; and finding them.

pub mod plan;
