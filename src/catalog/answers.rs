//! Answers about what is on that everybody gets alike: made once a second, however many ask.
//!
//! On the day of an on-sale all buyers read the same list, which takes the database longer than a hold (docs/DATABASE.md). What is
//! told may be five seconds old anyway ([`caching::SHORTLY`]). What staff edit at this server is told at once; the others of a house
//! tell it within a second, and so does this one what a show decides, whose summary is written after the answer.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use aisle_actors::Stopwatch;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::http::ApiError;
use crate::http::caching::{self, Packed, SHORTLY};

/// How many bytes are kept at most.
const BYTES_MAX: u64 = 16 << 20;
/// About as many answers as that.
const ANSWERS: usize = 512;
/// A longer address is nobody's who only looks at what is on, and is answered anew each time.
const ADDRESS_BYTES_MAX: usize = 256;

/// What was asked for, and in which second of the server's life, after how many edits.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked {
    address: String,
    second: u64,
    edits: u64,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Asked, Packed> for Weigh {
    fn weight(&self, asked: &Asked, answer: &Packed) -> u64 {
        (asked.address.len() + answer.weight()) as u64
    }
}

/// The answers of the last second.
pub struct Answers {
    kept: Cache<Asked, Packed, Weigh>,
    since: Stopwatch,
    edits: AtomicU64,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            kept: Cache::with_weighter(ANSWERS, BYTES_MAX, Weigh),
            since: Stopwatch::start(),
            edits: AtomicU64::new(0),
        }
    }
}

impl Answers {
    /// The answer of this second to this address, whoever asks. Many who ask for it at a time wait for one `make`.
    ///
    /// # Errors
    /// Those of `make`; they are not kept.
    pub async fn tell<T: Serialize>(
        &self,
        request: &HttpRequest,
        make: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<HttpResponse, ApiError> {
        let make = async { Packed::json(&make.await?) };
        let address = request.uri().path_and_query().map_or("", |address| address.as_str());
        let answer = if address.len() > ADDRESS_BYTES_MAX {
            make.await?
        } else {
            self.kept.get_or_insert_async(&self.asked(address), make).await?
        };
        Ok(caching::packed(request, SHORTLY, "application/json", &answer))
    }

    /// Something was edited: whoever asks from now on is told anew.
    pub fn forget(&self) {
        self.edits.fetch_add(1, Ordering::AcqRel);
    }

    fn asked(&self, address: &str) -> Asked {
        Asked {
            address: address.to_owned(),
            second: self.since.elapsed().as_secs(),
            edits: self.edits.load(Ordering::Acquire),
        }
    }
}

/// Stands before the rooms: after whatever staff may have edited, nothing that was told before is told again.
///
/// # Errors
/// Those of the services behind it.
pub async fn forget_after_edits<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let edits = !request.method().is_safe() && request.path().contains("/admin/");
    let response = next.call(request).await?;
    // Also what was refused may have come half the way.
    if edits && let Some(answers) = response.request().app_data::<Data<Answers>>() {
        answers.forget();
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    use super::*;
    use crate::http::Code;

    async fn told(answers: &Answers, address: &str, made: &Cell<u32>) -> String {
        let request = TestRequest::with_uri(address).to_http_request();
        let make = async {
            made.set(made.get() + 1);
            Ok(made.get())
        };
        let response = answers.tell(&request, make).await.unwrap_or_else(|error| panic!("{error}"));
        let body = to_bytes(response.into_body()).await.unwrap_or_else(|error| panic!("{error}"));
        String::from_utf8_lossy(&body).into_owned()
    }

    #[actix_web::test]
    async fn an_edit_is_told_at_once_and_another_address_has_its_own_answer() {
        let (answers, made) = (Answers::default(), Cell::new(0));
        assert_eq!(told(&answers, "/shows", &made).await, "1");
        assert_eq!(told(&answers, "/shows?limit=2", &made).await, "2");
        answers.forget();
        assert_eq!(told(&answers, "/shows", &made).await, "3");
        // Nobody keeps what nobody else asks for.
        let long = format!("/shows?q={}", "a".repeat(ADDRESS_BYTES_MAX));
        assert_eq!(told(&answers, &long, &made).await, "4");
        assert_eq!(told(&answers, &long, &made).await, "5");
    }

    #[actix_web::test]
    async fn many_who_ask_at_a_time_wait_for_one_answer() {
        let (answers, made) = (Answers::default(), Cell::new(0));
        let request = TestRequest::with_uri("/shows").to_http_request();
        let asked = answers.asked("/shows");
        let make = |open: tokio::sync::oneshot::Receiver<()>| {
            let made = &made;
            async move {
                made.set(made.get() + 1);
                open.await.map_err(|_| ApiError::plain(Code::Internal))?;
                Packed::json(&made.get())
            }
        };
        let (open, closed) = tokio::sync::oneshot::channel();
        let (_never, beside) = tokio::sync::oneshot::channel();
        let first = answers.kept.get_or_insert_async(&asked, make(closed));
        let second = answers.kept.get_or_insert_async(&asked, make(beside));
        let opens = async { open.send(()) };
        let (first, second, _) = tokio::join!(first, second, opens);
        assert_eq!(made.get(), 1, "the second waited for the first");
        for answer in [first, second] {
            let answer = answer.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(caching::packed(&request, SHORTLY, "application/json", &answer).status(), 200);
        }
    }

    #[actix_web::test]
    async fn what_failed_is_not_kept() {
        let (answers, made) = (Answers::default(), Cell::new(0));
        let request = TestRequest::with_uri("/shows").to_http_request();
        let failing = async { Err::<u32, _>(ApiError::busy(1)) };
        assert!(answers.tell(&request, failing).await.is_err());
        assert_eq!(told(&answers, "/shows", &made).await, "1");
    }
}
