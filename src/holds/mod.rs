//! The HTTP face of a show: holds, the seats as they are, and their live feed. Decides nothing; parses, asks, answers.

mod bookings;
mod churn;
mod door;
mod gate;
mod hoard;
mod intents;
mod live;
mod routes;
mod seats;
mod store;
mod visitor;
mod voice;
mod wire;

pub use door::Guesses;
pub use gate::{SocketLimits, Sockets, hold_token, proves_hold};
pub use hoard::Hoards;
pub use intents::Intents;
pub use routes::routes;
pub use wire::{AreaQuantity, HoldBody, HoldJson, area_counts, areas_json, seat_numbers};
