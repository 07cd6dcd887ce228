//! Codes that pay nothing or take nothing off: an order with one is not made.

use super::super::pricing::{PromoRefusal, VoucherRefusal};
use crate::http::{ApiError, Code};

/// A voucher that pays nothing.
pub(super) fn no_voucher(refused: VoucherRefusal) -> ApiError {
    let code = match refused {
        VoucherRefusal::Empty | VoucherRefusal::LessLeft => Code::VoucherUsedUp,
        VoucherRefusal::Unknown
        | VoucherRefusal::Void
        | VoucherRefusal::Over
        | VoucherRefusal::OtherCurrency
        | VoucherRefusal::NothingToPay => Code::VoucherInvalid,
    };
    ApiError::new(code, refused.detail())
}

/// A code that takes nothing off: its buyer believes that the order costs less.
pub(super) fn no_promo(refused: PromoRefusal) -> ApiError {
    let code = match refused {
        PromoRefusal::UsedUp | PromoRefusal::UsedByYou => Code::PromoCodeUsedUp,
        PromoRefusal::Unknown
        | PromoRefusal::NotYet
        | PromoRefusal::Over
        | PromoRefusal::NotTheseShows
        | PromoRefusal::NotTheseTickets
        | PromoRefusal::OtherCurrency
        | PromoRefusal::NothingToTakeOff => Code::PromoCodeInvalid,
    };
    ApiError::new(code, refused.detail())
}
