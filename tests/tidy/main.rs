//! What the compiler and clippy cannot see: who may import what, how long a file may be, what must never be in the tree.
//!
//! Each rule is a pure function from files to complaints, so that it can be shown a planted fault beside the real tree.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking, in its helpers too")]

mod imports;
mod manners;
mod source;
mod supply;

/// Fails with every complaint, one a line.
fn none_of(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{} complaints:\n  {}", complaints.len(), complaints.join("\n  "));
}
