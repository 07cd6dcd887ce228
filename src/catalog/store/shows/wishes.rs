//! What the house wishes for a show, looked at as a whole.

use serde_json::Value;

use super::super::CatalogError;
use super::ShowInput;
use crate::catalog::cancellation::Cancellation;

impl ShowInput {
    /// Fields that contradict each other.
    ///
    /// # Errors
    /// The first of them.
    pub fn check(&self) -> Result<(), CatalogError> {
        let end = self.sales_end_at.unwrap_or(self.starts_at);
        if self.doors_at.is_some_and(|doors| doors > self.starts_at) {
            return Err(CatalogError::field("doors_at", "must not be after starts_at"));
        }
        if self.on_sale_at.is_some_and(|on_sale| on_sale >= end) {
            return Err(CatalogError::field("on_sale_at", "must be before the end of the sale"));
        }
        if self.extend_max_s < self.hold_ttl_s {
            return Err(CatalogError::field("extend_max_s", "must not be below hold_ttl_s"));
        }
        if let Some(cancellation) = &self.cancellation {
            cancellation
                .check()
                .map_err(|(step, why)| CatalogError::field(format!("cancellation.steps[{step}]"), why))?;
            if self.cancel_until_s.is_some_and(|until_s| cancellation.last_until_s() != Some(until_s)) {
                return Err(CatalogError::field("cancel_until_s", "is not the end of the last step of cancellation"));
            }
        }
        Ok(())
    }

    /// The same with a change of the policy taken in. `cancel_until_s` and `cancellation` say one thing: who sends one of them
    /// means that one.
    #[must_use]
    pub fn with_one_policy(mut self, names: impl Fn(&str) -> bool) -> Self {
        match (names("cancellation"), names("cancel_until_s")) {
            (false, true) => self.cancellation = None,
            (true, false) => self.cancel_until_s = None,
            (true, true) | (false, false) => {}
        }
        self
    }

    /// What `cancel_until_s` says then.
    pub(super) fn cancel_until(&self) -> Option<i32> {
        self.cancellation.as_ref().map_or(self.cancel_until_s, Cancellation::last_until_s)
    }

    pub(super) fn policy_json(&self) -> Option<Value> {
        self.cancellation.as_ref().and_then(|cancellation| serde_json::to_value(cancellation).ok())
    }
}
