//! Black-box tests: the production build of the server, a database of its own, real sockets.

mod harness;

mod accounts;
mod operations;
