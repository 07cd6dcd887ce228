//! Money gateways. Knows no orders: verifies and parses what a provider says and hands back a report.

mod accounts;
mod gateway;
mod gateways;
mod methods;
pub mod razorpay;
pub mod routes;
pub mod sandbox;
mod signature;
mod store;
pub mod stripe;

pub use accounts::{
    ACCOUNTS_MAX, ChangePaymentAccount, KeyTest, NewPaymentAccount, PaymentAccount, PaymentAccounts, Provider, Secrets,
    Tested, check_methods,
};
pub use gateway::{
    Answer, CancelWorth, Cancelled, Charge, DisputeState, Gateway, GatewayError, Method, MethodKind, News, RefundWish,
    Report, Start, Started, Told, ToldInstrument, WebhookError, WebhookRequest, What,
};
pub use gateways::{Addresses, DEFAULT, Gateways, NoGateway, NotOffered, Offer, choose};
pub use store::Fields;
