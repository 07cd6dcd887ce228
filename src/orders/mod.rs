//! Checkout: the saga from holds to a confirmed order, its worker, cancellation and refunds.

pub mod asking;
pub mod checkout;
pub mod desk;
pub mod drive;
pub mod fraud;
pub mod ledger;
pub mod outside;
pub mod payouts;
pub mod pricing;
pub mod privacy;
pub mod refund_jobs;
pub mod reports;
pub mod returning;
pub mod routes;
pub mod saga;
pub mod store;
pub mod wire;
pub mod worker;

pub use checkout::Checkout;
pub use outside::Outside;
pub use refund_jobs::RefundJobs;
pub use store::Orders;
pub use worker::OrdersWorker;
