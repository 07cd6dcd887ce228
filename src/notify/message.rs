//! A mail, before it is one: clean text, and no way for what people wrote to become a header.

use jiff::Timestamp;
use lettre::Address;
use lettre::address::{AddressError, Envelope};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

/// Longer subjects are cut: mail programs show less, and a header is no place for a novel.
const SUBJECT_CHARS_MAX: usize = 200;

/// A file that comes with a mail.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its name; what is not a letter, a digit, `.`, `-` or `_` of ASCII becomes `-`.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// What is in it.
    pub body: Vec<u8>,
}

/// A mail to be delivered or kept.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whose people may read it in the mailbox; `None`: administrators alone.
    pub organizer: Option<Uuid>,
    /// What its recipient is called; may be empty.
    pub name: String,
    /// Its recipient's address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// What it says, for programs that show no HTML.
    pub text: String,
    /// The same, as HTML.
    pub html: String,
    /// Files, each name once.
    pub attachments: Vec<Attachment>,
}

/// Why a mail can never be sent.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The recipient's address is not one.
    #[error("the recipient's address is not one")]
    Address(#[source] AddressError),
    /// A part of it could not be put into a mail.
    #[error("the mail could not be put together")]
    Parts(#[from] lettre::error::Error),
    /// An attachment's media type is not one.
    #[error("an attachment's media type is not one")]
    MediaType(#[from] lettre::message::header::ContentTypeErr),
}

impl Message {
    /// The same without what has no place in a mail or in the database: control characters, and in a line also line breaks.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        self.name = line(&self.name);
        self.to = self.to.trim().to_owned();
        self.subject = line(&self.subject).chars().take(SUBJECT_CHARS_MAX).collect();
        self.text = paragraphs(&self.text);
        self.html = paragraphs(&self.html);
        let mut names: Vec<String> = Vec::new();
        for attachment in &mut self.attachments {
            let plain: String = attachment.name.chars().map(|c| if is_plain(c) { c } else { '-' }).take(100).collect();
            let mut name = plain.clone();
            let mut again = 2;
            while name.trim_matches('.').is_empty() || names.contains(&name) {
                name = format!("{again}-{plain}");
                again += 1;
            }
            names.push(name.clone());
            attachment.name = name;
        }
        self
    }

    /// The mail as it goes over the wire. `id` and `at` make it the same mail however often it is built.
    ///
    /// # Errors
    /// When the address or an attachment's media type is not one.
    pub fn to_mail(&self, from: &Mailbox, id: Uuid, at: Timestamp) -> Result<lettre::Message, MessageError> {
        let address: Address = address_of(&self.to).map_err(MessageError::Address)?;
        let name = Some(self.name.clone()).filter(|name| !name.is_empty());
        let words = MultiPart::alternative()
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        let mut body = MultiPart::mixed().multipart(words);
        for attachment in &self.attachments {
            let media_type = ContentType::parse(&attachment.content_type)?;
            body = body.singlepart(Part::new(attachment.name.clone()).body(attachment.body.clone(), media_type));
        }
        // Said by itself: else it is read from the header, by the standard's letter.
        let envelope = Envelope::new(Some(from.email.clone()), vec![address.clone()])?;
        Ok(lettre::Message::builder()
            .envelope(envelope)
            .from(from.clone())
            .to(Mailbox::new(name, address))
            .subject(self.subject.clone())
            .date(at.into())
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            // Keeps holiday notices from answering the box office.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(body)?)
    }
}

/// An address. Dots may stand where the standard has none: old mailboxes of some carriers have them so, and get their mail.
fn address_of(text: &str) -> Result<Address, AddressError> {
    text.parse().or_else(|error| {
        let (user, domain) = text.rsplit_once('@').ok_or(error)?;
        let undotted: String = user.chars().filter(|&c| c != '.').collect();
        // Everything else about it is as it should be.
        format!("{undotted}@{domain}").parse::<Address>()?;
        Ok(Address::new_dangerous(user, domain))
    })
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// One line of it: runs of white space and control characters become a space.
fn line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn paragraphs(text: &str) -> String {
    text.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(name: &str, to: &str, subject: &str) -> Message {
        Message {
            organizer: None,
            name: name.to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Hello.".to_owned(),
            html: "<p>Hello.</p>".to_owned(),
            attachments: vec![],
        }
    }

    #[test]
    fn dots_of_old_mailboxes_are_taken_and_nothing_else_that_is_no_address() {
        let sent = |to: &str| {
            let mail = message("Taro", to, "Hello").to_mail(&from(), Uuid::nil(), Timestamp::UNIX_EPOCH);
            mail.map(|mail| mail.envelope().to()[0].to_string()).ok()
        };
        for good in ["ada@example.org", "taro..y@example.org", "taro.@example.org", ".taro@example.org"] {
            assert_eq!(sent(good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "..@example.org",
            "ta ro.@example.org",
            "taro.@",
            "taro.@a b",
            "a\r\nRCPT TO:<b@c>.@d",
        ] {
            assert_eq!(sent(bad), None, "{bad}");
        }
    }

    fn from() -> Mailbox {
        "Box office <box-office@example.org>".parse().unwrap()
    }

    /// The header lines of a mail, unfolded.
    fn headers(mail: &lettre::Message) -> Vec<String> {
        let bytes = mail.formatted();
        let text = String::from_utf8_lossy(&bytes);
        let head = text.split("\r\n\r\n").next().unwrap();
        head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn nothing_people_write_becomes_a_header() {
        let nasty = "Ada\r\nBcc: all@example.org\r\n\r\nbody";
        let mail = message(nasty, "ada@example.org", nasty).cleaned();
        let headers = headers(&mail.to_mail(&from(), Uuid::nil(), Timestamp::UNIX_EPOCH).unwrap());
        assert!(!headers.iter().any(|header| header.to_lowercase().starts_with("bcc")), "{headers:?}");
        assert_eq!(headers.iter().filter(|header| header.starts_with("To:")).count(), 1);
        for to in
            ["ada@example.org\r\nBcc: b@example.org", "ada@example.org, b@example.org", "ada", "", "a b@example.org"]
        {
            let mail = message("Ada", to, "Hello").cleaned();
            assert!(mail.to_mail(&from(), Uuid::nil(), Timestamp::UNIX_EPOCH).is_err(), "{to:?}");
        }
    }

    #[test]
    fn the_same_mail_again_has_the_same_head() {
        let mail = message("Ada", "ada@example.org", "Hello");
        let head = || headers(&mail.to_mail(&from(), Uuid::from_u128(7), Timestamp::UNIX_EPOCH).unwrap());
        let about_the_parts = |header: &String| !header.starts_with("Content-Type");
        assert_eq!(
            head().into_iter().filter(about_the_parts).collect::<Vec<_>>(),
            head().into_iter().filter(about_the_parts).collect::<Vec<_>>()
        );
        assert!(head().contains(&"Message-ID: <00000000-0000-0000-0000-000000000007@example.org>".to_owned()));
    }

    #[test]
    fn attachments_have_plain_names_and_each_its_own() {
        let attachment = |name: &str| Attachment {
            name: name.to_owned(),
            content_type: "application/pdf".to_owned(),
            body: b"%PDF".to_vec(),
        };
        let mut mail = message("Ada", "ada@example.org", "Hello");
        mail.attachments = ["a/b.pdf", "a\"b.pdf", "..", ""].map(attachment).to_vec();
        let names: Vec<_> = mail.cleaned().attachments.into_iter().map(|attachment| attachment.name).collect();
        assert_eq!(names, ["a-b.pdf", "2-a-b.pdf", "2-..", "2-"]);
    }

    proptest! {
        #[test]
        fn whatever_is_written_stays_in_its_place(name in any::<String>(), subject in any::<String>()) {
            let mail = message(&name, "ada@example.org", &subject).cleaned();
            prop_assert!(!mail.subject.contains(['\r', '\n', '\0']));
            let known = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];
            for header in headers(&mail.to_mail(&from(), Uuid::nil(), Timestamp::UNIX_EPOCH).unwrap()) {
                let (field, _) = header.split_once(':').unwrap_or((&header, ""));
                prop_assert!(known.contains(&field), "{header}");
            }
        }
    }
}
