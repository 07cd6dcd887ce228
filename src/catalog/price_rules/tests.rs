//! What rules are for, and what may not be set. What they come to is seen in bills (`orders/pricing`).

use super::*;

fn place<'a>(country: &'a str, ticket_type: &'a str) -> Place<'a> {
    Place { show: Uuid::from_u128(1), country, price_level: "best", ticket_type }
}

fn read(rules: serde_json::Value) -> PriceRules {
    serde_json::from_value(rules).unwrap()
}

#[test]
fn an_empty_list_is_everything_and_a_country_is_the_same_however_it_is_written() {
    assert!(Only::default().fits(&place("", "adult")));
    let sweden = Only { countries: vec!["Sweden".to_owned()], ..Only::default() };
    assert!(sweden.fits(&place(" SWEDEN ", "adult")));
    assert!(!sweden.fits(&place("Norway", "adult")) && !sweden.fits(&place("", "adult")));
    let best =
        Only { price_levels: vec!["best".to_owned()], ticket_types: vec!["child".to_owned()], ..Only::default() };
    assert!(best.fits(&place("", "child")) && !best.fits(&place("", "adult")));
    let elsewhere = Only { shows: vec![Uuid::from_u128(2)], ..Only::default() };
    assert!(!elsewhere.fits(&place("", "adult")));
}

#[test]
fn rules_are_read_as_the_api_speaks_of_them() {
    let rules = read(serde_json::json!({
        "fees": [
            {"name": "Booking fee", "per": "ticket", "amount": {"fixed": {"amount": 150, "currency": "EUR"}}},
            {"name": "Handling", "per": "order", "amount": {"percent_bp": 250}},
        ],
        "taxes": [{"name": "VAT", "rate_bp": 2500, "included": true}],
    }));
    rules.validate().unwrap();
    let currency = "EUR".parse().unwrap();
    assert_eq!(rules.all_in(&place("", "adult"), 4500, currency), 4650);
    assert_eq!(rules.all_in(&place("", "adult"), 4500, "USD".parse().unwrap()), 4500, "a fixed fee is of its currency");
    let order: Vec<_> = rules.order_fees(Uuid::nil(), "", currency).map(|fee| fee.name.as_str()).collect();
    assert_eq!(order, ["Handling"]);
    assert!(PriceRules::default().validate().is_ok());
}

#[test]
fn what_may_not_be_set_is_named() {
    let fee = |amount: serde_json::Value| {
        let rules = serde_json::json!({"fees": [{"name": "Fee", "per": "ticket", "amount": amount}]});
        read(rules).validate().unwrap_err().to_string()
    };
    for amount in [
        serde_json::json!({"fixed": {"amount": 0, "currency": "EUR"}}),
        serde_json::json!({"fixed": {"amount": -5, "currency": "EUR"}}),
        serde_json::json!({"percent_bp": 0}),
        serde_json::json!({"percent_bp": 10_001}),
    ] {
        assert!(fee(amount).contains("fees[0].amount"));
    }
    let tax = serde_json::json!({"taxes": [{"name": " ", "rate_bp": 10_001, "included": true}]});
    let said = read(tax).validate().unwrap_err().to_string();
    assert!(said.contains("taxes[0].name") && said.contains("taxes[0].rate_bp"), "{said}");
    assert!(serde_json::from_value::<PriceRules>(serde_json::json!({"tips": []})).is_err());
}
