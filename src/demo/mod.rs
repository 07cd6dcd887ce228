//! The demo house, and its rush. Only with `--demo`.
