//! People: told what is known of them, forgotten when they wish, and by themselves after a while.

mod erase;
pub mod everywhere;
mod me;
mod named;
mod retention;
