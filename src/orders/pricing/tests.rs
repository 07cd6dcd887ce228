//! Any rules, any code, any tickets: beside a naive model that counts in fractions.

use std::collections::HashSet;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::ledger::{accounts, reversal};
use super::super::saga::{Line, LineKind};
use super::tickets::Ticket;
use super::{Bill, Discount, Promo, Terms, bill};
use crate::catalog::price_rules::{Fee, FeeAmount, FeePer, Only, Place, PriceRules, Tax, TaxOn};
use crate::platform::money::{Currency, Money};

const TYPES: [&str; 3] = ["adult", "child", "student"];
const CURRENCIES: [&str; 3] = ["EUR", "JPY", "KWD"];

/// A fraction; what it is rounded to is looked for, not computed: the nearest whole, of two as near the farther from zero.
#[derive(Clone, Copy, Debug)]
struct Fraction(i128, i128);

impl Fraction {
    fn of(self, numerator: i64, denominator: i64) -> Self {
        Self(self.0 * i128::from(numerator), self.1 * i128::from(denominator))
    }

    fn rounded(self) -> i64 {
        let below = self.0.div_euclid(self.1);
        let distance = |whole: i128| (self.0 - whole * self.1).abs();
        let nearest = [below, below + 1].into_iter().min_by_key(|&whole| (distance(whole), -whole.abs())).unwrap();
        i64::try_from(nearest).unwrap()
    }
}

fn whole(amount: i64) -> Fraction {
    Fraction(i128::from(amount), 1)
}

/// Only these ticket types; none: all.
fn scope() -> impl Strategy<Value = Only> {
    prop_oneof![
        3 => Just(Only::default()),
        1 => proptest::sample::subsequence(TYPES.to_vec(), 1..3).prop_map(|types| Only {
            ticket_types: types.into_iter().map(str::to_owned).collect(),
            ..Only::default()
        }),
    ]
}

fn money(currency: Currency) -> impl Strategy<Value = Money> {
    (1_i64..100_000).prop_map(move |amount| Money::new(amount, currency))
}

fn rules(currency: Currency) -> impl Strategy<Value = PriceRules> {
    let per = prop_oneof![Just(FeePer::Ticket), Just(FeePer::Order)];
    let other = money("CHF".parse().unwrap());
    let amount = prop_oneof![
        3 => money(currency).prop_map(FeeAmount::Fixed),
        1 => other.prop_map(FeeAmount::Fixed),
        3 => (1_i64..=10_000).prop_map(FeeAmount::PercentBp),
    ];
    let fee = (per, amount, scope()).prop_map(|(per, amount, only)| Fee { name: "Fee".to_owned(), per, amount, only });
    let on = prop_oneof![Just(TaxOn::All), Just(TaxOn::Tickets), Just(TaxOn::Fees)];
    let tax = (0..3_u8, 0_i64..=10_000, any::<bool>(), on, scope()).prop_map(|(name, rate_bp, included, on, only)| {
        Tax { name: format!("Tax {name}"), rate_bp, included, on, only }
    });
    (proptest::collection::vec(fee, 0..5), proptest::collection::vec(tax, 0..6))
        .prop_map(|(fees, taxes)| PriceRules { fees, taxes })
}

fn promo(currency: Currency) -> impl Strategy<Value = Option<Promo>> {
    let discount = prop_oneof![
        (1_i64..=10_000).prop_map(Discount::PercentBp),
        Just(Discount::PercentBp(10_000)),
        money(currency).prop_map(Discount::PerTicket),
        money(currency).prop_map(Discount::PerOrder),
    ];
    proptest::option::of((discount, scope()).prop_map(|(discount, only)| Promo {
        id: Uuid::nil(),
        code: "SPRING24".to_owned(),
        discount,
        only,
        valid_from: None,
        valid_until: None,
        used_up: false,
    }))
}

type Case = (Currency, PriceRules, Option<Promo>, Vec<(usize, i64)>);

fn case() -> impl Strategy<Value = Case> {
    proptest::sample::select(CURRENCIES.to_vec()).prop_flat_map(|code| {
        let currency: Currency = code.parse().unwrap();
        let price = prop_oneof![1 => Just(0_i64), 4 => 1_i64..20_000, 1 => 1_i64..=100_000_000_000];
        let tickets = proptest::collection::vec((0..TYPES.len(), price), 1..9);
        (Just(currency), rules(currency), promo(currency), tickets)
    })
}

fn billed((currency, rules, promo, tickets): &Case) -> Bill {
    let order = Uuid::from_u128(9);
    let tickets: Vec<Ticket<'_>> = tickets
        .iter()
        .enumerate()
        .map(|(at, &(kind, price))| Ticket::of_test((order, at), "Sweden", ("best", TYPES[kind]), price))
        .collect();
    let terms = Terms { rules, promo: promo.as_ref(), currency: *currency, now: Timestamp::UNIX_EPOCH };
    bill(order, &tickets, &terms)
}

fn fits(scope: &Only, kind: usize) -> bool {
    scope.ticket_types.is_empty() || scope.ticket_types.iter().any(|one| one == TYPES[kind])
}

/// Of each name the first tax that is on this and for this type.
fn taxes(rules: &PriceRules, kind: usize, on: [TaxOn; 2]) -> Vec<usize> {
    let mut names = HashSet::new();
    let all = rules.taxes.iter().enumerate();
    let fitting = all.filter(|(_, tax)| on.contains(&tax.on) && fits(&tax.only, kind));
    fitting.filter(|(_, tax)| names.insert(tax.name.clone())).map(|(at, _)| at).collect()
}

fn within(rules: &PriceRules, found: &[usize], amount: i64) -> i64 {
    let included: Vec<i64> =
        found.iter().map(|&at| &rules.taxes[at]).filter(|tax| tax.included).map(|tax| tax.rate_bp).collect();
    let all: i64 = included.iter().sum();
    included.iter().map(|&rate| whole(amount).of(rate, 10_000 + all).rounded()).sum()
}

fn due(fee: &Fee, of: i64, currency: Currency) -> i64 {
    match fee.amount {
        FeeAmount::Fixed(money) if money.currency == currency => money.amount,
        FeeAmount::Fixed(_) => 0,
        FeeAmount::PercentBp(rate) => whole(of).of(rate, 10_000).rounded(),
    }
}

/// What discounts come to in fractions; `None` where the parts of an order's are looked at apart.
fn naive_discount(promo: &Promo, kind: usize, price: i64) -> Option<i64> {
    let wanted = match promo.discount {
        Discount::PercentBp(rate) => whole(price).of(rate, 10_000).rounded(),
        Discount::PerTicket(money) => money.amount,
        Discount::PerOrder(_) => return None,
    };
    Some(if fits(&promo.only, kind) { wanted.min(price) } else { 0 })
}

/// All that is on top of tickets for which this is paid: fees, contained taxes of all, added taxes.
fn naive(rules: &PriceRules, currency: Currency, paid: &[(usize, i64)]) -> (i64, i64, i64) {
    let (mut fees, mut contained, mut added) = (0, 0, 0);
    let on_top = |found: &[usize], at: usize| found.contains(&at) && !rules.taxes[at].included;
    for &(kind, paid) in paid.iter().filter(|(_, paid)| *paid > 0) {
        let on_ticket = taxes(rules, kind, [TaxOn::All, TaxOn::Tickets]);
        let on_fees = taxes(rules, kind, [TaxOn::All, TaxOn::Fees]);
        let in_ticket = within(rules, &on_ticket, paid);
        let own = rules.fees.iter().filter(|fee| fee.per == FeePer::Ticket && fits(&fee.only, kind));
        let own: Vec<i64> = own.map(|fee| due(fee, paid, currency)).collect();
        let in_fees: i64 = own.iter().map(|&fee| within(rules, &on_fees, fee)).sum();
        let fee_sum: i64 = own.iter().sum();
        for at in 0..rules.taxes.len() {
            let mut base = 0;
            base += if on_top(&on_ticket, at) { paid - in_ticket } else { 0 };
            base += if on_top(&on_fees, at) { fee_sum - in_fees } else { 0 };
            added += whole(base).of(rules.taxes[at].rate_bp, 10_000).rounded();
        }
        fees += fee_sum;
        contained += in_ticket + in_fees;
    }
    for fee in rules.fees.iter().filter(|fee| fee.per == FeePer::Order) {
        let fitting: Vec<_> = paid.iter().filter(|(kind, paid)| *paid > 0 && fits(&fee.only, *kind)).collect();
        let Some((first, _)) = fitting.first() else { continue };
        let amount = due(fee, fitting.iter().map(|(_, paid)| paid).sum(), currency);
        let on_fee = taxes(rules, *first, [TaxOn::All, TaxOn::Fees]);
        let inside = within(rules, &on_fee, amount);
        for at in on_fee.into_iter().filter(|&at| !rules.taxes[at].included) {
            added += whole(amount - inside).of(rules.taxes[at].rate_bp, 10_000).rounded();
        }
        fees += amount;
        contained += inside;
    }
    (fees, contained, added)
}

fn lines(bill: &Bill) -> Vec<Line> {
    bill.lines.iter().map(|priced| priced.line.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_bill_is_what_fractions_say(case in case()) {
        let (currency, rules, promo, tickets) = &case;
        let bill = billed(&case);
        let lines = lines(&bill);
        let discount_of = |ticket: &Line| -> i64 {
            let own = lines.iter().filter(|line| line.kind == LineKind::Discount && line.of == Some(ticket.id));
            -own.map(|line| line.amount).sum::<i64>()
        };
        let paid: Vec<(usize, i64)> =
            tickets.iter().zip(&lines).map(|(&(kind, price), line)| (kind, price - discount_of(line))).collect();
        if let Some(promo) = promo {
            let off: i64 = tickets.iter().zip(&paid).map(|((_, price), (_, paid))| price - paid).sum();
            match promo.discount {
                Discount::PerOrder(money) => {
                    let sum: i64 = tickets.iter().filter(|(kind, _)| fits(&promo.only, *kind)).map(|(_, price)| price).sum();
                    prop_assert_eq!(off, money.amount.min(sum));
                    for (&(kind, price), (_, paid)) in tickets.iter().zip(&paid) {
                        let exact = if fits(&promo.only, kind) { i128::from(off) * i128::from(price) } else { 0 };
                        let wrong = (i128::from(price - paid) * i128::from(sum) - exact).abs();
                        prop_assert!(wrong < i128::from(sum.max(1)), "a part is off by less than one unit");
                    }
                }
                Discount::PercentBp(_) | Discount::PerTicket(_) => {
                    let naive: Vec<_> = tickets.iter().map(|&(kind, price)| naive_discount(promo, kind, price)).collect();
                    let own: Vec<_> = tickets.iter().zip(&paid).map(|((_, price), (_, paid))| Some(price - paid)).collect();
                    prop_assert_eq!(own, naive);
                }
            }
            prop_assert_eq!(bill.refused.is_some(), off == 0);
        }
        let (fees, contained, added) = naive(rules, *currency, &paid);
        let tickets_sum: i64 = paid.iter().map(|(_, paid)| paid).sum();
        prop_assert_eq!(bill.of_kind(LineKind::Fee), fees);
        prop_assert_eq!(bill.of_kind(LineKind::Tax), added);
        prop_assert_eq!(lines.iter().map(|line| line.tax).sum::<i64>(), contained + added);
        prop_assert_eq!(bill.total(), tickets_sum + fees + added);
    }

    #[test]
    fn its_sums_are_the_sums_of_its_lines(case in case()) {
        let bill = billed(&case);
        let lines = lines(&bill);
        let (_, _, _, tickets) = &case;
        prop_assert_eq!(bill.taxes.iter().map(|tax| tax.amount).sum::<i64>(), lines.iter().map(|line| line.tax).sum::<i64>());
        let ids: HashSet<Uuid> = lines.iter().map(|line| line.id).collect();
        prop_assert_eq!(ids.len(), lines.len());
        for (at, line) in lines.iter().enumerate() {
            prop_assert_eq!(line.kind == LineKind::Ticket, at < tickets.len(), "tickets stand first");
            match line.kind {
                LineKind::Ticket => {
                    let with_it: i64 = lines.iter().filter(|other| other.of == Some(line.id)).map(|other| other.amount).sum();
                    prop_assert!(line.amount + with_it >= 0);
                    prop_assert!((0..=line.amount).contains(&line.tax) && line.of.is_none());
                }
                LineKind::Discount => prop_assert!(line.amount < 0 && line.tax <= 0 && line.of.is_some()),
                LineKind::Fee => prop_assert!(line.amount > 0 && (0..=line.amount).contains(&line.tax)),
                LineKind::Tax => prop_assert!(line.amount > 0 && line.tax == line.amount),
                // Whoever pays with one does so once the bill is made.
                LineKind::Voucher | LineKind::Exchange => prop_assert!(line.amount < 0 && line.tax == 0),
            }
            if let Some(of) = line.of {
                let ticket = lines.iter().find(|ticket| ticket.id == of).unwrap();
                prop_assert_eq!((ticket.kind, ticket.show), (LineKind::Ticket, line.show));
            }
            prop_assert!(line.kind == LineKind::Ticket || line.hold.is_none());
        }
        // Priced again it is the same to the letter: a repeated request has the same lines.
        prop_assert_eq!(self::lines(&billed(&case)), lines);
    }

    #[test]
    fn the_price_that_is_shown_first_is_what_a_ticket_comes_to((currency, rules, _, tickets) in case()) {
        for (kind, price) in tickets {
            let bill = billed(&(currency, rules.clone(), None, vec![(kind, price)]));
            let ticket = bill.lines[0].line.id;
            let own = bill.lines.iter().filter(|line| line.line.id == ticket || line.line.of == Some(ticket));
            let place = Place { show: Uuid::from_u128(1), country: "Sweden", price_level: "best", ticket_type: TYPES[kind] };
            prop_assert_eq!(rules.all_in(&place, price, currency), own.map(|line| line.line.amount).sum::<i64>());
        }
    }

    #[test]
    fn what_is_sold_is_booked_and_given_back_to_the_last_unit(case in case(), part in 0_i64..=10_000) {
        let bill = billed(&case);
        let (lines, currency) = (lines(&bill), case.0);
        let total = bill.total();
        let sold = accounts(&lines);
        prop_assert_eq!(sold.iter().map(|(.., amount)| amount).sum::<i64>(), total);
        prop_assert!(sold.iter().all(|(.., amount)| *amount > 0));
        let whole = reversal(&lines, total, currency);
        let booked: Vec<_> = whole.iter().map(|entry| (entry.account.as_str(), entry.show, entry.amount)).collect();
        if total > 0 {
            prop_assert_eq!(booked, sold);
        }
        let share = crate::platform::money::share(total, part, 10_000);
        let some = reversal(&lines, share, currency);
        prop_assert_eq!(some.iter().map(|entry| entry.amount).sum::<i64>(), share);
        prop_assert!(some.iter().all(|entry| entry.amount >= 0));
        // Ticket by ticket, then what is the order's alone: together it is all that was sold.
        let mut back: std::collections::BTreeMap<(String, Option<Uuid>), i64> = std::collections::BTreeMap::new();
        let tickets = lines.iter().filter(|line| line.kind == LineKind::Ticket).map(|line| Some(line.id));
        for ticket in tickets.chain([None]) {
            let own: Vec<&Line> =
                lines.iter().filter(|line| (line.kind != LineKind::Ticket && line.of == ticket) || Some(line.id) == ticket).collect();
            let amount = own.iter().map(|line| line.amount).sum();
            if amount > 0 {
                for entry in reversal(own, amount, currency) {
                    *back.entry((entry.account, entry.show)).or_default() += entry.amount;
                }
            }
        }
        let back: Vec<_> = back.iter().map(|((account, show), amount)| (account.as_str(), *show, *amount)).collect();
        prop_assert_eq!(back, accounts(&lines));
    }
}
