//! Requests of people who mean harm, as they would send them, and how each is refused.

mod document;
mod paths;
mod text;
mod walk;
mod wire;
