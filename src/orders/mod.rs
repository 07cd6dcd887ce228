//! Checkout: the saga from holds to a confirmed order, its worker, cancellation and refunds.
