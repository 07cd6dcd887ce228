//! How we speak to other houses: no redirect followed, nothing waited for long, nothing read without end.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// A key set with its certificates is some ten kilobytes.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// A person waits for it.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The client.
#[derive(Clone)]
pub struct Wire(reqwest::Client);

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Nobody there, or nobody in time.
    #[error("the other house did not answer")]
    Silent(#[from] reqwest::Error),
    /// More than any answer needs.
    #[error("the other house's answer is too long")]
    TooLong,
    /// Not HTTP.
    #[error("the other house's answer cannot be understood")]
    Garbled(#[from] openidconnect::http::Error),
}

impl Wire {
    /// The client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(TIMEOUT / 2)
            .timeout(TIMEOUT)
            .user_agent("aisle");
        client.build().map(Self)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(WireError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
