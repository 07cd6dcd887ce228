//! Money gateways. Knows no orders: verifies and parses what a provider says and hands back a report.

mod gateway;
pub mod routes;
pub mod sandbox;

pub use gateway::{
    Answer, CancelWorth, Cancelled, Charge, DisputeState, Gateway, GatewayError, Gateways, Method, MethodKind,
    RefundWish, Report, Start, Started, ToldInstrument, WebhookError, WebhookRequest, What,
};
