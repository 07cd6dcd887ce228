//! The walk over the whole table of routes: each route as everybody, in their own house and in somebody else's; each id as
//! somebody else's, nobody's and none; each proof as another one. A new route needs a line in `roles/lines`.

mod fresh;
pub mod ids;
mod line;
mod lines;
mod proofs;
mod verdict;
pub mod walk;
mod world;
