//! Money gateways. Knows no orders: verifies and parses what a provider says and hands back a report.
