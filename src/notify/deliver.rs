//! How mails leave the house: by SMTP, or not at all and into the mailbox.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::response::{Code, Severity};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use uuid::Uuid;

use super::message::{Message, MessageError};
use crate::platform::config::{Config, ConfigError};

/// How long one step of a conversation with the mail server may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a whole delivery may take; longer than a big mail over a slow line, shorter than the outbox's patience.
pub(super) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);
/// Connections kept to the mail server. Mail servers dislike more.
const CONNECTIONS_MAX: u32 = 4;

/// How mails leave the house.
pub enum Delivery {
    /// By SMTP.
    Smtp {
        /// The mail server's connections.
        transport: AsyncSmtpTransport<Tokio1Executor>,
        /// From whom.
        from: Mailbox,
    },
    /// They don't: the mailbox keeps them.
    Mailbox,
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It never can.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The mail server will never take it: there is no such recipient, or its content is refused.
    #[error("the mail server refuses the mail")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// The mail server could not be reached, or not just now.
    #[error("the mail server did not take the mail")]
    Unavailable(#[source] lettre::transport::smtp::Error),
    /// The mail server was silent for too long. It may have taken the mail.
    #[error("the mail server was silent for too long")]
    Silent,
}

impl DeliveryError {
    /// Whether another try can end otherwise.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Message(_) | Self::Refused(_) => true,
            Self::Unavailable(_) | Self::Silent => false,
        }
    }
}

impl Delivery {
    /// What the configuration says. Call it on the runtime that will deliver: a pool's connections live there.
    ///
    /// # Errors
    /// When `smtp_url` or `mail_from` cannot be read.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let Some(url) = &config.smtp_url else { return Ok(Self::Mailbox) };
        // The URL may hold a password, and lettre's error the URL: neither is repeated here.
        let builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(&with_tls(url)).map_err(|_| ConfigError::Impossible {
                field: "smtp_url",
                problem: "must be smtp://user:password@host:587 or smtps://…".to_owned(),
            })?;
        let from = config.mail_from.parse().map_err(|_| ConfigError::Impossible {
            field: "mail_from",
            problem: "must be an address, such as: Box office <box-office@example.org>".to_owned(),
        })?;
        let pool = PoolConfig::new().max_size(CONNECTIONS_MAX).idle_timeout(Duration::from_secs(30));
        Ok(Self::Smtp { transport: builder.timeout(Some(STEP_TIMEOUT)).pool_config(pool).build(), from })
    }

    /// What `GET /site` calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Smtp { .. } => "smtp",
            Self::Mailbox => "mailbox",
        }
    }

    /// Delivers. The mail server's yes is the only success.
    ///
    /// # Errors
    /// When the mail could not be delivered, or it cannot be known whether it was.
    pub(super) async fn deliver(&self, message: &Message, id: Uuid, at: Timestamp) -> Result<(), DeliveryError> {
        match self {
            Self::Mailbox => Ok(()),
            Self::Smtp { transport, from } => {
                let mail = message.to_mail(from, id, at)?;
                match tokio::time::timeout(DELIVERY_TIMEOUT, transport.send(mail)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) if is_refusal(&error) => Err(DeliveryError::Refused(error)),
                    Ok(Err(error)) => Err(DeliveryError::Unavailable(error)),
                    Err(_) => Err(DeliveryError::Silent),
                }
            }
        }
    }
}

/// `smtp://` without `?tls=…` is plain text in lettre. Here a password never goes in the clear unless `?tls=none` says so, and
/// where there is none, TLS is used where the mail server offers it.
fn with_tls(url: &str) -> Cow<'_, str> {
    if !url.starts_with("smtp://") {
        return Cow::Borrowed(url);
    }
    if let Some(plain) = url.strip_suffix("?tls=none") {
        return Cow::Borrowed(plain);
    }
    if url.contains("tls=") {
        return Cow::Borrowed(url);
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    let wish = if url.contains('@') { "required" } else { "opportunistic" };
    Cow::Owned(format!("{url}{joint}tls={wish}"))
}

/// Whether there is no such recipient, which no other day changes.
fn is_refusal(error: &lettre::transport::smtp::Error) -> bool {
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    error.status().is_some_and(|code| has_no_recipient(code, &said))
}

/// Only the enhanced codes 5.1.x (RFC 3463) say so; of these, 5.1.7 and 5.1.8 speak of the sender. Every other permanent answer may speak
/// of us (a wrong password, a day's limit that is reached, a relay that does not know us), and a 550 by itself may mean any of them:
/// somebody will mend it, or tomorrow does.
fn has_no_recipient(code: Code, said: &str) -> bool {
    let detail = said.strip_prefix("5.1.").and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    code.severity == Severity::PermanentNegativeCompletion && detail.is_some_and(|it| !matches!(it, "" | "7" | "8"))
}

#[cfg(test)]
mod tests {
    use lettre::transport::smtp::response::{Category, Detail};

    use super::*;

    fn configured(smtp_url: &str, mail_from: &str) -> Result<Delivery, ConfigError> {
        Delivery::from_config(&Config {
            smtp_url: Some(smtp_url.to_owned()),
            mail_from: mail_from.to_owned(),
            ..Config::default()
        })
    }

    #[tokio::test]
    async fn a_wrong_setting_is_named_and_no_password_repeated() {
        let wrong = configured("nonsense://ada:geheim@localhost", "a@example.org").err().unwrap().to_string();
        assert!(wrong.starts_with("smtp_url: ") && !wrong.contains("geheim"), "{wrong}");
        let wrong = configured("smtp://localhost", "nobody").err().unwrap().to_string();
        assert!(wrong.starts_with("mail_from: "), "{wrong}");
        assert_eq!(configured("smtp://localhost", "a@example.org").unwrap().name(), "smtp");
        assert_eq!(Delivery::from_config(&Config::default()).unwrap().name(), "mailbox");
    }

    #[test]
    fn a_password_is_not_sent_in_the_clear_unless_somebody_says_so() {
        assert_eq!(with_tls("smtp://a:b@mx:587"), "smtp://a:b@mx:587?tls=required");
        assert_eq!(with_tls("smtp://a:b@mx:587?tls=none"), "smtp://a:b@mx:587");
        assert_eq!(with_tls("smtp://localhost"), "smtp://localhost?tls=opportunistic");
        assert_eq!(with_tls("smtp://a:b@mx?tls=opportunistic"), "smtp://a:b@mx?tls=opportunistic");
        assert_eq!(with_tls("smtps://a:b@mx"), "smtps://a:b@mx");
    }

    #[test]
    fn only_a_recipient_who_does_not_exist_is_final() {
        let permanent = Code::new(Severity::PermanentNegativeCompletion, Category::MailSystem, Detail::Zero);
        for (said, expected) in [
            ("5.1.1 no such user", true),
            ("5.1.10 its domain takes no mail", true),
            ("5.1.8 the sender's address has no domain", false),
            ("5.4.5 the day's limit is reached", false),
            ("5.7.1 relay access denied", false),
            ("5.2.2 the mailbox is full", false),
            ("no such user, or anything else", false),
            ("5.1.", false),
            ("", false),
        ] {
            assert_eq!(has_no_recipient(permanent, said), expected, "{said}");
        }
        let busy = Code::new(Severity::TransientNegativeCompletion, Category::MailSystem, Detail::One);
        assert!(!has_no_recipient(busy, "5.1.1 no such user"), "451: greylisted");
    }
}
