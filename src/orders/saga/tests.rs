//! The saga played against real shows and a stateful stand-in of a provider, with crashes between any two steps.

mod crowd;
mod dice;
mod disputes;
mod elsewhere;
mod exchanges;
mod giving;
mod product;
mod review;
mod scenes;
mod vouchers;
mod world;
