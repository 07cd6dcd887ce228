//! Writing the intent: an order with its holds, lines and first payment, before anything is done about it.

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::super::pricing::{PromoRefusal, VoucherRefusal};
use super::super::saga::{LineKind, Saga};
use super::exchanges::{NewExchange, NotGiven, promise};
use super::fraud::{Trace, leave_trace};
use super::promo::reserve;
use super::{Orders, vouchers};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// A line, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// What people read.
    pub label: String,
    /// The section's name.
    pub section: Option<String>,
    /// The row's label.
    pub row: Option<String>,
    /// The seat's label.
    pub number: Option<String>,
    /// The key of its price level.
    pub price_level: Option<String>,
    /// The key of its ticket type.
    pub ticket_type: Option<String>,
    /// By which timed price list it is sold.
    pub price_list: Option<String>,
}

impl NewLine {
    /// A line that says no more than this.
    #[must_use]
    pub fn labelled(label: String) -> Self {
        Self { label, section: None, row: None, number: None, price_level: None, ticket_type: None, price_list: None }
    }
}

/// An order to be made.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// What it begins with. Its number and its buyer are given here.
    pub saga: Saga,
    /// What its lines say, in the saga's order.
    pub lines: Vec<NewLine>,
    /// Who sells.
    pub organizer: Uuid,
    /// Who was signed in and buys for themselves.
    pub buyer: Option<Uuid>,
    /// The buyer's name.
    pub name: String,
    /// The buyer's address.
    pub email: String,
    /// The same, as addresses are compared.
    pub email_normalized: String,
    /// The buyer's language.
    pub locale: Option<String>,
    /// The terms that were agreed to.
    pub terms_version: Option<String>,
    /// The hash of the request.
    pub request: u64,
    /// Where it came from.
    pub trace: Trace,
    /// The promo code in its prices: one use of it is the order's.
    pub promo: Option<Uuid>,
    /// The voucher that one of its lines is paid with.
    pub voucher: Option<Uuid>,
    /// The tickets of another order that one of its lines is paid with.
    pub exchange: Option<NewExchange>,
}

/// Whether it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is new.
    New,
    /// It was made before, by the same request.
    Before,
    /// It was made before, by another request.
    Reused,
    /// Its promo code has no use left for it; nothing was made.
    Refused(PromoRefusal),
    /// Its voucher does not pay so much any more; nothing was made.
    NoVoucher(VoucherRefusal),
    /// The tickets that were to pay for it cannot be given just now; nothing was made.
    NotGiven(NotGiven),
}

/// Numbers of this length are enough for a house's years; where one is taken, another is tried.
const NUMBER_LENGTH: usize = 6;

impl Orders {
    /// Whether an order of this id was made by this request; `None`: there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn was_made(&self, order: Uuid, request: u64) -> Result<Option<Made>, DbFault> {
        let hash = sqlx::query_scalar!("SELECT request_hash FROM orders WHERE id = $1", order)
            .fetch_optional(&self.pool)
            .await?;
        Ok(hash.map(
            |hash| {
                if hash.as_deref() == Some(&request.to_be_bytes()[..]) { Made::Before } else { Made::Reused }
            },
        ))
    }

    /// Writes the intent. A second call with the same id waits for the first and changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make(&self, new: &NewOrder) -> Result<Made, DbFault> {
        let mut connection = self.pool.acquire().await?;
        // Before the transaction: a box office that buys for many under one address would else have its orders wait for each
        // other, each with a connection in its hand.
        let customer = customer(&mut connection, new).await?;
        let mut transaction = connection.begin().await?;
        let saga = &new.saga;
        let request = new.request.to_be_bytes();
        let mut made = 0;
        for (salt, longer) in [(0_u8, 0), (1, 0), (2, 1), (3, 2), (4, 4)] {
            let number = format!(
                "A-{}",
                ids::readable_code(&[saga.order.as_bytes().as_slice(), &[salt]].concat(), NUMBER_LENGTH + longer)
            );
            // Either conflict leaves the row as it is; which one it was shows below.
            made = sqlx::query!(
                "INSERT INTO orders (id, number, organizer_id, customer_id, state, total, currency, accept_equal_seats,
                                     terms_version, request_hash, pay_within_ms, buyer_name, next_step_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now() + interval '10 seconds')
                 ON CONFLICT DO NOTHING",
                saga.order,
                number,
                new.organizer,
                customer,
                saga.state.word(),
                saga.total,
                saga.currency.as_str(),
                saga.accept_equal,
                new.terms_version,
                &request[..],
                i64::try_from(saga.pay_within_ms).unwrap_or(i64::MAX),
                new.name
            )
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            if made == 1 {
                break;
            }
            let there = sqlx::query_scalar!("SELECT request_hash FROM orders WHERE id = $1", saga.order)
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(hash) = there {
                return Ok(if hash.as_deref() == Some(&request[..]) { Made::Before } else { Made::Reused });
            }
        }
        if made == 0 {
            return Err(super::unknown("free order number"));
        }
        rows(&mut transaction, new).await?;
        super::policies::keep_policies(&mut transaction, saga.order).await?;
        super::claims::claim_new(&mut transaction, saga.order, new.buyer, &new.email_normalized).await?;
        let tickets = saga.lines.iter().filter(|line| line.kind == LineKind::Ticket);
        let places = tickets.map(|line| line.quantity).sum::<u32>();
        let places = i32::try_from(places).unwrap_or(i32::MAX);
        leave_trace(&mut transaction, new.organizer, saga.order, &new.trace, places).await?;
        if let Some(given) = &new.exchange
            && let Err(refused) = promise(&mut transaction, given, saga).await?
        {
            return Ok(Made::NotGiven(refused));
        }
        // Last, because whoever else orders with this code waits for the end of it.
        if let Some(promo) = new.promo
            && let Err(refused) = reserve(&mut transaction, promo, saga.order, customer).await?
        {
            return Ok(Made::Refused(refused));
        }
        if let Some(voucher) = new.voucher
            && let Err(refused) = vouchers::take(&mut transaction, voucher, saga).await?
        {
            return Ok(Made::NoVoucher(refused));
        }
        transaction.commit().await?;
        Ok(Made::New)
    }
}

/// Who buys, by their address. A customer is called as at their first order, or as they called themselves later, signed in with this
/// address: anybody can type it. What an order's own tickets say is the order's.
async fn customer(connection: &mut PgConnection, new: &NewOrder) -> Result<Uuid, DbFault> {
    let locale = new.locale.as_deref().unwrap_or("en");
    let themselves = match new.buyer {
        Some(buyer) => sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM app_user WHERE id = $1 AND email_normalized = $2 AND email_verified_at IS NOT NULL) AS \"is!\"",
            buyer,
            new.email_normalized
        )
        .fetch_one(&mut *connection)
        .await?,
        None => false,
    };
    // Who comes back unchanged is only read, so that their orders of one moment don't meet in a lock.
    let known = sqlx::query_scalar!(
        "SELECT id FROM customer WHERE organizer_id = $1 AND email_normalized = $2 AND (name = $3 OR NOT $5) AND locale = $4",
        new.organizer,
        new.email_normalized,
        new.name,
        locale,
        themselves
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    Ok(sqlx::query_scalar!(
        "INSERT INTO customer (id, organizer_id, email, email_normalized, name, locale) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organizer_id, email_normalized) DO UPDATE
             SET name = CASE WHEN $7 THEN EXCLUDED.name ELSE customer.name END, locale = EXCLUDED.locale
         RETURNING id",
        ids::new_id(),
        new.organizer,
        new.email.trim(),
        new.email_normalized,
        new.name,
        locale,
        themselves
    )
    .fetch_one(connection)
    .await?)
}

async fn rows(connection: &mut PgConnection, new: &NewOrder) -> Result<(), DbFault> {
    let saga = &new.saga;
    for (position, part) in (0_i32..).zip(&saga.parts) {
        sqlx::query!(
            "INSERT INTO order_hold (order_id, show_id, hold_id, booking_id, position, state, seats, areas)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            saga.order,
            part.show,
            part.hold,
            part.booking,
            position,
            part.state.word(),
            &part.seats,
            serde_json::to_value(&part.areas).unwrap_or_default()
        )
        .execute(&mut *connection)
        .await?;
    }
    lines(&mut *connection, new).await?;
    for attempt in &saga.attempts {
        sqlx::query!(
            "INSERT INTO payment (id, order_id, attempt, provider, method_kind, status, amount, currency, account, method)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            attempt.id,
            saga.order,
            attempt.number,
            attempt.provider,
            attempt.kind.word(),
            attempt.status.word(),
            attempt.amount.amount,
            attempt.amount.currency.as_str(),
            attempt.account,
            attempt.method
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// All lines in one statement: a party's order may have hundreds.
async fn lines(connection: &mut PgConnection, new: &NewOrder) -> Result<(), DbFault> {
    let (lines, said) = (&new.saga.lines, &new.lines);
    let texts = |text: fn(&NewLine) -> &Option<String>| said.iter().map(|one| text(one).clone()).collect::<Vec<_>>();
    let quantities: Vec<i32> = lines.iter().map(|line| i32::try_from(line.quantity).unwrap_or(i32::MAX)).collect();
    let positions: Vec<i32> = (0..).take(lines.len()).collect();
    sqlx::query!(
        "INSERT INTO order_line (order_id, id, position, kind, of_line, label, show_id, hold_id, seat_guid, area_id, section,
                                 row_label, seat_label, price_level, ticket_type, price_list, quantity, amount, tax)
         SELECT $1, * FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[], $9::text[],
                                  $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                                  $17::integer[], $18::bigint[], $19::bigint[])",
        new.saga.order,
        &lines.iter().map(|line| line.id).collect::<Vec<_>>(),
        &positions,
        &lines.iter().map(|line| line.kind.word().to_owned()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.of).collect::<Vec<_>>() as &[Option<Uuid>],
        &said.iter().map(|one| one.label.clone()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.show).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|line| line.hold).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|line| line.seat.clone()).collect::<Vec<_>>() as &[Option<String>],
        &lines.iter().map(|line| line.area.clone()).collect::<Vec<_>>() as &[Option<String>],
        &texts(|one| &one.section) as &[Option<String>],
        &texts(|one| &one.row) as &[Option<String>],
        &texts(|one| &one.number) as &[Option<String>],
        &texts(|one| &one.price_level) as &[Option<String>],
        &texts(|one| &one.ticket_type) as &[Option<String>],
        &texts(|one| &one.price_list) as &[Option<String>],
        &quantities,
        &lines.iter().map(|line| line.amount).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.tax).collect::<Vec<_>>()
    )
    .execute(connection)
    .await?;
    Ok(())
}
