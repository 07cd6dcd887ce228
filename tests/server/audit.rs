//! The audit log: its chain, against who tampers with the database itself; what the back office leaves in it; who reads it.

mod chain;
mod office;
