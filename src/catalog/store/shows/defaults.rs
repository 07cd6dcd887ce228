//! What a new show has unless told. The reasons are those of the core's settings.

pub(super) fn hold_ttl_s() -> i32 {
    480
}

pub(super) fn extend_max_s() -> i32 {
    1200
}

pub(super) fn pay_within_s() -> i32 {
    600
}

pub(super) fn seats_per_hold_max() -> i32 {
    10
}
