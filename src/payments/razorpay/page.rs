//! The page from which a buyer goes to Razorpay: a form without script, because their checkout can be opened by one.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, context};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::orders::Known;

const PAGE: &str = include_str!("page.html");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let style =
        PAGE.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map_or("", |(style, _)| style);
    STANDARD.encode(Sha256::digest(style))
});

/// The page of one attempt.
pub struct Page {
    pub(super) payment: Uuid,
    pub(super) known: Known,
    pub(super) url: String,
    pub(super) key_id: String,
    pub(super) public_url: String,
}

impl Page {
    /// Nothing is loaded and nothing runs; the form leads to Razorpay only.
    #[must_use]
    pub fn content_security_policy(&self) -> String {
        let (style, url) = (&*STYLE_HASH, &self.url);
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action {url}; frame-ancestors 'none'; base-uri 'none'"
        )
    }

    /// The page.
    ///
    /// # Errors
    /// When it cannot be written, which is a fault of ours.
    pub fn html(&self) -> Result<String, minijinja::Error> {
        let back = format!("/pay/return/{}", self.payment);
        let returns = format!("{}{back}", self.public_url);
        let open = self.known.order_ref.as_ref().zip(self.known.amount).filter(|_| !self.known.closed);
        let fields: Vec<(&str, String)> = match &open {
            None => Vec::new(),
            Some((order, amount)) => vec![
                ("key_id", self.key_id.clone()),
                ("order_id", (*order).clone()),
                ("amount", amount.amount.to_string()),
                ("currency", amount.currency.to_string()),
                ("name", self.known.description.clone()),
                ("prefill[method]", self.known.method.clone()),
                ("notes[aisle_payment]", self.payment.to_string()),
                ("callback_url", returns.clone()),
                ("cancel_url", returns),
            ],
        };
        let values = context! {
            open => open.is_some(),
            amount => open.map(|(_, amount)| amount.display()),
            description => if self.known.description.is_empty() { "Payment" } else { &self.known.description },
            action => format!("{}/v1/checkout/embedded", self.url),
            fields => fields,
            back => back,
        };
        let mut templates = Environment::new();
        // The name's ending is what turns escaping on.
        templates.add_template("page.html", PAGE)?;
        templates.get_template("page.html")?.render(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::money::Money;

    fn page(closed: bool, description: &str) -> Page {
        Page {
            payment: Uuid::from_u128(7),
            known: Known {
                account: Uuid::from_u128(8),
                order_ref: Some("order_1".to_owned()),
                amount: Some(Money::new(4500, "INR".parse().unwrap())),
                method: "upi".to_owned(),
                description: description.to_owned(),
                closed,
            },
            url: "https://api.razorpay.com".to_owned(),
            key_id: "rzp_test_1".to_owned(),
            public_url: "https://box.example.org".to_owned(),
        }
    }

    #[test]
    fn it_leads_to_razorpay_and_nowhere_else() {
        let page = page(false, "Order <A-1>");
        let html = page.html().unwrap();
        assert!(
            html.contains(r#"action="https:&#x2f;&#x2f;api.razorpay.com&#x2f;v1&#x2f;checkout&#x2f;embedded""#),
            "{html}"
        );
        assert!(
            html.contains("Order &lt;A-1&gt;") && html.contains("INR 45.00") && !html.contains("<script"),
            "{html}"
        );
        assert!(html.contains(r#"name="order_id" value="order_1""#) && html.contains(r#"value="upi""#), "{html}");
        assert!(page.content_security_policy().contains("form-action https://api.razorpay.com;"));
    }

    #[test]
    fn once_closed_it_leads_back_only() {
        let html = page(true, "").html().unwrap();
        assert!(html.contains("This payment is closed.") && !html.contains("<form"), "{html}");
    }
}
