//! What the server does with plans, bodies and live messages that nobody in their right mind sends: it refuses them by name, or
//! takes them for what they say. It never falls.

mod bodies;
mod messages;
#[path = "../../actors/core/tests/fuzz/mutate.rs"]
mod mutate;
mod plans;
