//! Bills as a house manager reads them: what the house has set, what is bought, what it comes to.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::tickets::Ticket;
use super::{Bill, Discount, Promo, Terms, bill};
use crate::catalog::price_rules::{Fee, FeeAmount, FeePer, Only, PriceRules, Tax, TaxOn};
use crate::platform::money::{Currency, Money};

/// What a scene has said so far.
struct Scene {
    currency: Currency,
    rules: PriceRules,
    promo: Option<Promo>,
    now: Timestamp,
    buys: Vec<(String, i64)>,
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

impl Scene {
    fn amount(&self, text: &str) -> i64 {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        assert_eq!(rest.len(), self.currency.decimals() as usize, "{text} is no amount of {}", self.currency);
        format!("{whole}{rest}").parse().unwrap()
    }

    fn money(&self, text: &str) -> Money {
        Money::new(self.amount(text), self.currency)
    }

    fn percent(text: &str) -> Option<i64> {
        let (whole, rest) = text.strip_suffix(" %")?.split_once('.').unwrap_or((text.strip_suffix(" %")?, ""));
        format!("{whole}{rest:0<2}").parse().ok()
    }

    /// `child`: only for these; nothing: for all.
    fn only(column: Option<&&str>) -> Only {
        let types = column.map(|column| column.trim_start_matches("for ").split(", ").map(str::to_owned).collect());
        Only { ticket_types: types.unwrap_or_default(), ..Only::default() }
    }

    fn say(&mut self, columns: &[&str]) {
        match columns {
            ["house", currency] => self.currency = currency.parse().unwrap(),
            ["fee", how, name, rest @ ..] => {
                let (amount, per) = match how.split_once(" a ").or_else(|| how.split_once(" an ")) {
                    Some((amount, "ticket")) => (amount, FeePer::Ticket),
                    Some((amount, "order")) => (amount, FeePer::Order),
                    _ => panic!("{how}: a ticket or an order?"),
                };
                let amount =
                    Self::percent(amount).map_or_else(|| FeeAmount::Fixed(self.money(amount)), FeeAmount::PercentBp);
                let (name, only) = ((*name).to_owned(), Self::only(rest.first()));
                self.rules.fees.push(Fee { name, per, amount, only });
            }
            ["tax", how, name, rest @ ..] => {
                let (rate, where_to) = how.split_once(" % ").unwrap();
                let (included, on) = match where_to {
                    "in prices" => (true, TaxOn::All),
                    "added" => (false, TaxOn::All),
                    "added to tickets" => (false, TaxOn::Tickets),
                    "in fees" => (true, TaxOn::Fees),
                    "in tickets" => (true, TaxOn::Tickets),
                    other => panic!("a tax {other}?"),
                };
                let rate_bp = Self::percent(&format!("{rate} %")).unwrap();
                let (name, only) = ((*name).to_owned(), Self::only(rest.first()));
                self.rules.taxes.push(Tax { name, rate_bp, included, on, only });
            }
            ["code", what, rest @ ..] => {
                let discount = match (Self::percent(what), what.split_once(" off ")) {
                    (Some(rate), _) => Discount::PercentBp(rate),
                    (None, Some((amount, "each"))) => Discount::PerTicket(self.money(amount)),
                    (None, Some((amount, "all"))) => Discount::PerOrder(self.money(amount)),
                    (None, other) => panic!("{other:?}"),
                };
                let (mut valid_from, mut valid_until, mut used_up) = (None, None, false);
                for word in rest {
                    match word.split_once(' ') {
                        Some(("from", at)) => valid_from = Some(minute(at.parse().unwrap())),
                        Some(("until", at)) => valid_until = Some(minute(at.parse().unwrap())),
                        Some(("used", "up")) => used_up = true,
                        Some(("for", _)) => {}
                        other => panic!("{other:?}"),
                    }
                }
                let only = Self::only(rest.iter().find(|word| word.starts_with("for ")));
                let code = "SPRING24".to_owned();
                let id = Uuid::from_u128(3);
                self.promo = Some(Promo { id, code, discount, only, valid_from, valid_until, used_up });
            }
            ["at", at] => self.now = minute(at.parse().unwrap()),
            ["buys", amount, kind] => self.buys.push(((*kind).to_owned(), self.amount(amount))),
            other => panic!("what is {other:?}?"),
        }
    }

    fn bill(&self) -> Bill {
        let order = Uuid::from_u128(9);
        let tickets: Vec<Ticket<'_>> = self
            .buys
            .iter()
            .enumerate()
            .map(|(at, (kind, amount))| Ticket::of_test((order, at), "Sweden", ("best", kind), *amount))
            .collect();
        let terms = Terms { rules: &self.rules, promo: self.promo.as_ref(), currency: self.currency, now: self.now };
        bill(order, &tickets, &terms)
    }

    /// The bill, a line each: kind, amount, label, and the tax of what is no tax itself.
    fn told(&self) -> Vec<String> {
        let bill = self.bill();
        let amount = |amount| Money::new(amount, self.currency).display().split_once(' ').unwrap().1.to_owned();
        let mut told: Vec<String> = Vec::new();
        for priced in &bill.lines {
            let (line, said) = (&priced.line, &priced.said);
            let tax = if line.tax == 0 || line.tax == line.amount {
                String::new()
            } else {
                format!(" tax {}", amount(line.tax))
            };
            told.push(format!("{} {} {}{tax}", line.kind.word(), amount(line.amount), said.label));
        }
        if let Some(refused) = bill.refused {
            told.push(format!("refused {refused:?}"));
        }
        told.push(format!("total {}", amount(bill.total())));
        told
    }
}

/// Above the arrow what is so, below it what it comes to. Columns are two blanks apart.
fn check(scene: &str) {
    let (given, expected) = scene.split_once("->").unwrap();
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let mut said = Scene {
        currency: "EUR".parse().unwrap(),
        rules: PriceRules::default(),
        promo: None,
        now: minute(0),
        buys: Vec::new(),
    };
    for line in lines(given) {
        let columns: Vec<&str> = line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
        said.say(&columns);
    }
    let expected: Vec<String> =
        lines(expected).iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(said.told(), expected, "{scene}");
}

#[test]
fn two_fees_and_a_tax_that_is_in_all_of_it() {
    check(
        "
        house  EUR
        fee    1.50 a ticket    Booking fee
        fee    2.00 an order    Handling
        tax    25 % in prices   VAT
        buys   45.00            adult
        buys   20.00            child
        ->
        ticket  45.00  adult        tax 9.00
        ticket  20.00  child        tax 4.00
        fee      1.50  Booking fee  tax 0.30
        fee      1.50  Booking fee  tax 0.30
        fee      2.00  Handling     tax 0.40
        total   70.00
        ",
    );
}

#[test]
fn in_america_the_tax_is_added_and_has_a_line_of_its_own() {
    check(
        "
        house  USD
        fee    4.25 a ticket    Service fee
        tax    8.87 % added     Sales tax
        buys   59.50            adult
        ->
        ticket  59.50  adult
        fee      4.25  Service fee
        tax      5.65  Sales tax 8.87 %
        total   69.40
        ",
    );
    check(
        "
        house  USD
        fee    10 % a ticket             Service fee
        tax    4 % added                 State tax
        tax    4.5 % added to tickets    City tax
        buys   50.00                     adult
        ->
        ticket  50.00  adult
        fee      5.00  Service fee
        tax      2.20  State tax 4 %
        tax      2.25  City tax 4.5 %
        total   59.45
        ",
    );
}

#[test]
fn of_taxes_with_one_name_the_first_that_fits_counts() {
    check(
        "
        house  SEK
        fee    15.00 a ticket    Booking fee
        tax    6 % in tickets    VAT
        tax    25 % in prices    VAT
        buys   318.00            adult
        ->
        ticket  318.00  adult        tax 18.00
        fee      15.00  Booking fee  tax 3.00
        total   333.00
        ",
    );
    check(
        "
        house  EUR
        tax    7 % in prices     VAT    for child
        tax    19 % in prices    VAT
        buys   119.00            adult
        buys   10.70             child
        ->
        ticket  119.00  adult  tax 19.00
        ticket   10.70  child  tax 0.70
        total   129.70
        ",
    );
}

#[test]
fn two_taxes_in_one_price_are_contained_together() {
    check(
        "
        house  INR
        tax    9 % in prices     CGST
        tax    9 % in prices     SGST
        buys   1180.00           adult
        ->
        ticket  1180.00  adult  tax 180.00
        total   1180.00
        ",
    );
}

#[test]
fn a_discount_belongs_to_its_ticket_and_fees_and_taxes_are_of_what_is_paid() {
    check(
        "
        house  EUR
        fee    5 % a ticket      Booking fee
        tax    25 % in prices    VAT
        code   10 %
        buys   45.00             adult
        ->
        ticket     45.00  adult                tax 9.00
        discount   -4.50  Promo code SPRING24  tax -0.90
        fee         2.03  Booking fee          tax 0.41
        total      42.53
        ",
    );
    check(
        "
        house  USD
        tax    10 % added        Sales tax
        code   5.00 off each     for adult
        buys   20.00             adult
        buys   3.00              adult
        buys   12.00             child
        ->
        ticket    20.00  adult
        ticket     3.00  adult
        ticket    12.00  child
        discount  -5.00  Promo code SPRING24
        tax        1.50  Sales tax 10 %
        discount  -3.00  Promo code SPRING24
        tax        1.20  Sales tax 10 %
        total     29.70
        ",
    );
}

#[test]
fn an_amount_off_the_whole_order_is_shared_out_to_the_last_cent() {
    check(
        "
        house  EUR
        code   10.00 off all
        buys   20.00             adult
        buys   20.00             adult
        buys   20.00             adult
        ->
        ticket    20.00  adult
        ticket    20.00  adult
        ticket    20.00  adult
        discount  -3.34  Promo code SPRING24
        discount  -3.33  Promo code SPRING24
        discount  -3.33  Promo code SPRING24
        total     50.00
        ",
    );
}

#[test]
fn what_costs_nothing_has_no_fee_and_a_comp_costs_nothing() {
    check(
        "
        house  EUR
        fee    1.50 a ticket     Booking fee
        fee    2.00 an order     Handling
        tax    25 % in prices    VAT
        code   100 %             for child
        buys   20.00             child
        ->
        ticket    20.00  child                tax 4.00
        discount -20.00  Promo code SPRING24  tax -4.00
        total      0.00
        ",
    );
    check(
        "
        house  EUR
        fee    1.50 a ticket     Booking fee
        fee    2.00 an order     Handling
        buys   0.00              child
        buys   10.00             adult
        ->
        ticket   0.00  child
        ticket  10.00  adult
        fee      1.50  Booking fee
        fee      2.00  Handling
        total   13.50
        ",
    );
}

#[test]
fn money_without_decimals_and_with_three_is_as_exact() {
    check(
        "
        house  JPY
        fee    3 % a ticket      Fee
        tax    10 % in prices    Tax
        buys   4545              adult
        ->
        ticket  4545  adult  tax 413
        fee      136  Fee    tax 12
        total   4681
        ",
    );
    check(
        "
        house  KWD
        fee    0.250 a ticket    Fee
        code   12.5 %
        buys   7.777             adult
        ->
        ticket     7.777  adult
        discount  -0.972  Promo code SPRING24
        fee        0.250  Fee
        total      7.055
        ",
    );
}

#[test]
fn a_code_is_valid_at_its_first_minute_and_over_at_its_last() {
    for (at, last) in [(9, "refused NotYet"), (10, ""), (19, ""), (20, "refused Over")] {
        let discount = if last.is_empty() { "discount -1.00 Promo code SPRING24" } else { last };
        let total = if last.is_empty() { "total 9.00" } else { "total 10.00" };
        check(&format!(
            "
            at     {at}
            code   10 %  from 10  until 20
            buys   10.00  adult
            ->
            ticket 10.00 adult
            {discount}
            {total}
            "
        ));
    }
}

#[test]
fn a_code_that_takes_nothing_off_says_why() {
    for (code, why) in
        [("10 %  used up", "UsedUp"), ("10 %  for child", "NotTheseTickets"), ("1 %  for adult", "NothingToTakeOff")]
    {
        check(&format!(
            "
            code   {code}
            buys   0.10  adult
            ->
            ticket 0.10 adult
            refused {why}
            total  0.10
            "
        ));
    }
    let mut scene = Scene {
        currency: "EUR".parse().unwrap(),
        rules: PriceRules::default(),
        promo: None,
        now: minute(0),
        buys: vec![("adult".to_owned(), 1000)],
    };
    scene.say(&["code", "5.00 off each"]);
    scene.currency = "USD".parse().unwrap();
    assert_eq!(scene.told()[1], "refused OtherCurrency");
    scene.currency = "EUR".parse().unwrap();
    scene.promo.as_mut().unwrap().only.shows = vec![Uuid::from_u128(77)];
    assert_eq!(scene.told()[1], "refused NotTheseShows");
}
