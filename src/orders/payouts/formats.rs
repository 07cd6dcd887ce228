//! Whose file it is, by its columns, and what its lines say. Amounts are decimals with a point, in the currency's own unit.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use super::table::{Record, records};
use super::{BadFile, Format, LineKind, PayoutFile, PayoutLine};
use crate::platform::money::Currency;

/// Reads a file.
///
/// # Errors
/// [`BadFile`], with the line where there is one.
pub fn read(bytes: &[u8]) -> Result<PayoutFile, BadFile> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadFile::whole("the file is not UTF-8 text"))?;
    let mut records = records(text)?.into_iter();
    let Some(head) = records.next() else { return Err(BadFile::whole("the file is empty")) };
    let columns: HashMap<String, usize> =
        head.fields.iter().enumerate().rev().map(|(at, name)| (name.trim().to_lowercase(), at)).collect();
    let has = |names: &[&str]| names.iter().all(|name| columns.contains_key(*name));
    let format = if has(&["balance_transaction_id", "reporting_category", "gross", "fee", "net", "currency"]) {
        Format::Stripe
    } else if has(&["entity_id", "debit", "credit", "amount"]) {
        Format::Razorpay
    } else if has(&["provider", "reference", "kind", "gross", "fee", "net", "currency", "date"]) {
        Format::Generic
    } else {
        return Err(BadFile::at(
            head.line,
            "these are the columns of no file that is known here; they may be provider, reference, kind, gross, fee, net, \
             currency, date, or those of Stripe's itemised payout reconciliation or Razorpay's settlement recon",
        ));
    };
    let mut provider = None;
    let mut lines = Vec::new();
    // The same line may stand in a file twice and be two things: two refunds of one amount on one day.
    let mut seen: HashMap<String, usize> = HashMap::new();
    for record in records {
        let row = Row { columns: &columns, record: &record };
        let (of, mut line) = match format {
            Format::Generic => generic(&row)?,
            Format::Stripe => ("stripe".to_owned(), stripe(&row)?),
            Format::Razorpay => ("razorpay".to_owned(), razorpay(&row)?),
        };
        if provider.get_or_insert_with(|| of.clone()) != &of {
            return Err(row.bad(format!("a file is of one provider, and this line is of {of}")));
        }
        let times = seen.entry(line.key.clone()).or_default();
        *times += 1;
        if *times > 1 {
            if format != Format::Generic {
                return Err(row.bad(format!("{} stands in the file twice", line.key)));
            }
            line.key = format!("{}#{times}", line.key);
        }
        lines.push(line);
    }
    let Some(provider) = provider else { return Err(BadFile::whole("the file has no line but its columns")) };
    Ok(PayoutFile { format, provider, lines })
}

struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    record: &'a Record,
}

impl Row<'_> {
    fn bad(&self, why: impl Into<String>) -> BadFile {
        BadFile::at(self.record.line, why)
    }

    fn get(&self, name: &str) -> &str {
        self.columns.get(name).and_then(|at| self.record.fields.get(*at)).map_or("", |field| field.trim())
    }

    /// Something short without control characters: it is shown to people and kept.
    fn name(&self, name: &str) -> Result<String, BadFile> {
        let text = self.get(name);
        if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
            return Err(self.bad(format!("{name} is empty, or no name")));
        }
        Ok(text.to_owned())
    }

    fn currency(&self) -> Result<Currency, BadFile> {
        let code = self.get("currency").to_uppercase();
        code.parse().map_err(|_| self.bad("currency is not three letters"))
    }

    fn amount(&self, name: &str, currency: Currency) -> Result<i64, BadFile> {
        let text = self.get(name);
        let text = if text.is_empty() { "0" } else { text };
        minor(text, currency.decimals())
            .ok_or_else(|| self.bad(format!("{name} is not an amount of {currency}: it may be like 45.00 or -0.05")))
    }

    fn day(&self, names: &[&str]) -> Result<Date, BadFile> {
        let text = names.iter().map(|name| self.get(name)).find(|text| !text.is_empty()).unwrap_or("");
        day(text).ok_or_else(|| self.bad(format!("{} is not a day like 2026-11-29", names.first().unwrap_or(&"date"))))
    }
}

/// A decimal as minor units, exactly; `None` where it is none or has more decimals than the currency.
fn minor(text: &str, decimals: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Zeros after the last decimal say nothing.
    let kept = part.len().min(usize::try_from(decimals).ok()?);
    let (part, rest) = part.split_at_checked(kept)?;
    if whole.is_empty() || !plain(whole) || !plain(part) || rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let scale = 10_i64.checked_pow(decimals)?;
    let fraction: i64 = format!("{part:0<width$}0", width = usize::try_from(decimals).ok()?).parse().ok()?;
    let amount = whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(fraction / 10)?;
    Some(if negative { -amount } else { amount })
}

/// `2026-11-29` with or without a time, `29/11/2026`, or seconds since 1970.
fn day(text: &str) -> Option<Date> {
    if let Some(date) = text.get(..10).and_then(|text| text.parse::<Date>().ok()) {
        return Some(date);
    }
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let at = Timestamp::from_second(text.parse().ok()?).ok()?;
        return Some(at.to_zoned(TimeZone::UTC).date());
    }
    let mut parts = text.get(..10)?.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn must_add_up(row: &Row<'_>, gross: i64, fee: i64, net: i64) -> Result<(), BadFile> {
    if gross.checked_sub(fee) == Some(net) { Ok(()) } else { Err(row.bad("net is not gross less fee")) }
}

/// What is all fee has moved nothing.
fn all_fee(kind: LineKind, gross: i64, fee: i64, net: i64) -> (i64, i64) {
    if kind == LineKind::Fee { (0, -net) } else { (gross, fee) }
}

fn generic(row: &Row<'_>) -> Result<(String, PayoutLine), BadFile> {
    let provider = row.name("provider")?.to_lowercase();
    let currency = row.currency()?;
    let kinds = [
        LineKind::Payment,
        LineKind::Refund,
        LineKind::Dispute,
        LineKind::DisputeWon,
        LineKind::Fee,
        LineKind::Payout,
        LineKind::Other,
    ];
    let word = row.get("kind").to_lowercase();
    let kind = kinds.into_iter().find(|kind| kind.word() == word);
    let kind =
        kind.ok_or_else(|| row.bad("kind is none of payment, refund, dispute, dispute_won, fee, payout, other"))?;
    let (gross, fee, net) =
        (row.amount("gross", currency)?, row.amount("fee", currency)?, row.amount("net", currency)?);
    must_add_up(row, gross, fee, net)?;
    let paid_out = if kind == LineKind::Payout { -net } else { 0 };
    let reference = row.name("reference")?;
    let day = row.day(&["date"])?;
    let key = format!("{}|{reference}|{day}|{gross}|{fee}|{currency}", kind.word());
    let names = vec![reference.clone()];
    let (gross, fee) = all_fee(kind, gross, fee, net);
    let line = row.record.line;
    Ok((provider, PayoutLine { line, key, kind, reference, names, gross, fee, net, paid_out, currency, day }))
}

fn stripe(row: &Row<'_>) -> Result<PayoutLine, BadFile> {
    let currency = row.currency()?;
    let (gross, fee, net) =
        (row.amount("gross", currency)?, row.amount("fee", currency)?, row.amount("net", currency)?);
    must_add_up(row, gross, fee, net)?;
    let kind = match row.get("reporting_category") {
        "charge" => LineKind::Payment,
        "refund" => LineKind::Refund,
        "dispute" => LineKind::Dispute,
        "dispute_reversal" => LineKind::DisputeWon,
        "fee" | "network_cost" => LineKind::Fee,
        _ => LineKind::Other,
    };
    let key = row.name("balance_transaction_id")?;
    // By our own ids, which Stripe keeps with everything of ours and shows where the report was made with these columns; a claim by its
    // own name.
    let names: Vec<String> = [
        "payment_intent_id",
        "charge_id",
        "source_id",
        "payment_metadata[aisle_payment]",
        "refund_metadata[aisle_refund]",
    ]
    .into_iter()
    .map(|name| row.get(name))
    .filter(|name| !name.is_empty())
    .map(str::to_owned)
    .collect();
    let reference = names.first().cloned().unwrap_or_else(|| key.clone());
    // Every line of an automatic payout is part of what went to the bank.
    let paid_out = if row.get("automatic_payout_id").is_empty() { 0 } else { net };
    let day = row.day(&["created_utc", "created", "available_on_utc", "available_on"])?;
    let (gross, fee) = all_fee(kind, gross, fee, net);
    Ok(PayoutLine { line: row.record.line, key, kind, reference, names, gross, fee, net, paid_out, currency, day })
}

fn razorpay(row: &Row<'_>) -> Result<PayoutLine, BadFile> {
    let currency = if row.get("currency").is_empty() { row.rupees()? } else { row.currency()? };
    let amount = row.amount("amount", currency)?;
    let net = row.amount("credit", currency)? - row.amount("debit", currency)?;
    let word = [row.get("type"), row.get("transaction_entity")].into_iter().find(|word| !word.is_empty()).unwrap_or("");
    let (kind, gross) = match word.to_lowercase().as_str() {
        "payment" => (LineKind::Payment, amount),
        "refund" => (LineKind::Refund, -amount),
        "dispute" => (LineKind::Dispute, net),
        _ => (LineKind::Other, net),
    };
    let key = row.name("entity_id")?;
    let mut names = vec![key.clone()];
    names.extend(Some(row.get("payment_id")).filter(|name| !name.is_empty()).map(str::to_owned));
    let paid_out = if row.get("settlement_id").is_empty() { 0 } else { net };
    let day = row.day(&["created_at", "entity_created_at", "settled_at"])?;
    // What it asks for is not one column but two, with or without the tax in them: what is missing is what it kept.
    let fee = gross - net;
    let reference = names.last().cloned().unwrap_or_else(|| key.clone());
    Ok(PayoutLine { line: row.record.line, key, kind, reference, names, gross, fee, net, paid_out, currency, day })
}

impl Row<'_> {
    fn rupees(&self) -> Result<Currency, BadFile> {
        "INR".parse().map_err(|_| self.bad("currency is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_minor_units_exactly_or_nothing() {
        for (text, decimals, amount) in [
            ("45.00", 2, 4500),
            ("45", 2, 4500),
            ("-0.05", 2, -5),
            ("45.5", 2, 4550),
            ("1.234", 3, 1234),
            ("45.000", 2, 4500),
            ("7", 0, 7),
            ("7.00", 0, 7),
        ] {
            assert_eq!(minor(text, decimals), Some(amount), "{text}");
        }
        for wrong in ["", "-", ".5", "1,5", "1.005", "1e3", "+1", "--1", "99999999999999999999", "1.é"] {
            assert_eq!(minor(wrong, 2), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_read_as_providers_write_them() {
        for text in ["2026-11-29", "2026-11-29 13:00:00", "2026-11-29T13:00:00Z", "29/11/2026 09:00:00", "1795942800"] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), Some("2026-11-29"), "{text}");
        }
        for wrong in ["", "yesterday", "2026-13-01", "31/02/2026", "é2026-11-29"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn our_own_format_is_read_whole() {
        let file = read(
            b"provider,reference,kind,gross,fee,net,currency,date\n\
              sandbox,sb_1,payment,45.00,1.55,43.45,EUR,2026-11-01\n\
              sandbox,sb_1,refund,-10.00,0,-10.00,EUR,2026-11-02\n\
              sandbox,sb_1,refund,-10.00,0,-10.00,EUR,2026-11-02\n\
              sandbox,month,fee,-5.00,0,-5.00,EUR,2026-11-03\n\
              sandbox,po_1,payout,-23.45,0,-23.45,EUR,2026-11-04\n",
        )
        .unwrap();
        assert_eq!((file.format, file.provider.as_str()), (Format::Generic, "sandbox"));
        let lines: Vec<_> = file.lines.iter().map(|line| (line.gross, line.fee, line.paid_out)).collect();
        assert_eq!(lines, [(4500, 155, 0), (-1000, 0, 0), (-1000, 0, 0), (0, 500, 0), (-2345, 0, 2345)]);
        assert_ne!(file.lines[1].key, file.lines[2].key, "two refunds of one amount");
        let (first, last) = file.days().unwrap();
        assert_eq!((first.to_string(), last.to_string()), ("2026-11-01".to_owned(), "2026-11-04".to_owned()));
    }

    #[test]
    fn stripes_and_razorpays_files_are_known_by_their_columns() {
        let stripe = read(
            b"automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created,available_on,currency,gross,fee,net,reporting_category,source_id,description,charge_id,payment_intent_id\n\
              po_1,2026-11-05 00:00:00,txn_1,2026-11-01 10:00:00,2026-11-05 00:00:00,eur,45.00,1.55,43.45,charge,ch_1,Order,ch_1,pi_1\n\
              po_1,2026-11-05 00:00:00,txn_2,2026-11-02 10:00:00,2026-11-05 00:00:00,eur,-45.00,15.00,-60.00,dispute,dp_1,,ch_1,pi_1\n\
              ,,txn_3,2026-11-02 10:00:00,,eur,-2.00,0.00,-2.00,fee,,Radar,,\n",
        )
        .unwrap();
        assert_eq!((stripe.format, stripe.provider.as_str()), (Format::Stripe, "stripe"));
        let of = |at: usize| {
            (stripe.lines[at].kind, stripe.lines[at].gross, stripe.lines[at].fee, stripe.lines[at].paid_out)
        };
        assert_eq!(of(0), (LineKind::Payment, 4500, 155, 4345));
        assert_eq!(of(1), (LineKind::Dispute, -4500, 1500, -6000));
        assert_eq!(of(2), (LineKind::Fee, 0, 200, 0));
        assert_eq!(stripe.lines[0].names, ["pi_1", "ch_1", "ch_1"]);

        let razorpay = read(
            b"entity_id,type,debit,credit,amount,currency,fee,tax,on_hold,settled,created_at,settled_at,settlement_id,payment_id\n\
              pay_1,payment,0,97.64,100.00,INR,2.00,0.36,0,1,01/11/2026 10:00:00,02/11/2026 00:00:00,setl_1,\n\
              rfnd_1,refund,50.00,0,50.00,INR,0,0,0,1,02/11/2026 10:00:00,03/11/2026 00:00:00,setl_1,pay_1\n",
        )
        .unwrap();
        let of = |at: usize| {
            (razorpay.lines[at].kind, razorpay.lines[at].gross, razorpay.lines[at].fee, razorpay.lines[at].paid_out)
        };
        assert_eq!(of(0), (LineKind::Payment, 10_000, 236, 9764));
        assert_eq!(of(1), (LineKind::Refund, -5000, 0, -5000));
        assert_eq!(razorpay.lines[1].reference, "pay_1");
    }

    #[test]
    fn a_bad_file_is_refused_with_the_line() {
        let head = "provider,reference,kind,gross,fee,net,currency,date\n";
        let why = |rest: &str| read(format!("{head}{rest}").as_bytes()).unwrap_err().to_string();
        assert_eq!(
            why("s,r,payment,1.00,0,1.00,EUR,2026-11-01\ns,r,payment,1.00,0.10,1.00,EUR,2026-11-01"),
            "line 3: net is not gross less fee"
        );
        assert!(why("s,r,gift,1,0,1,EUR,2026-11-01").starts_with("line 2: kind"));
        assert!(why("s,r,payment,1.001,0,1,EUR,2026-11-01").starts_with("line 2: gross"));
        assert!(why("s,r,payment,1,0,1,EU,2026-11-01").starts_with("line 2: currency"));
        assert!(why("s,r,payment,1,0,1,EUR,soon").starts_with("line 2: date"));
        assert!(why("s,,payment,1,0,1,EUR,2026-11-01").starts_with("line 2: reference"));
        assert!(why("s,r,payment,1,0,1,EUR,2026-11-01\nt,r,payment,1,0,1,EUR,2026-11-01").contains("of one provider"));
        assert_eq!(why(""), "the file has no line but its columns");
        assert!(read(b"a,b\n1,2").unwrap_err().to_string().starts_with("line 1: these are the columns"));
        assert_eq!(read(b"").unwrap_err().to_string(), "the file is empty");
        assert_eq!(read(b"\xff\xfe").unwrap_err().to_string(), "the file is not UTF-8 text");
    }
}
