//! What the house writes to people about their account. Each mail is composed when it is sent, from what is true then: whether
//! an address has an account is looked up here and nowhere earlier, so no answer to a request can tell it.

mod ways;
mod words;

use std::sync::{Arc, LazyLock};

use minijinja::{AutoEscape, Environment, context};
use serde_json::Value;

use self::words::{Subject, words};
use super::credentials::{AboutUser, AboutWay, EMAIL_CHANGED, PASSWORD_CHANGED, WAY_CHANGED};
use super::language::Language;
use super::links::{AboutLink, Kind, Links, MAIL};
use crate::notify::{ComposeError, Composers, Message};
use crate::platform::house;

/// Composes the mails of this room.
#[derive(Clone)]
pub struct Writer {
    links: Links,
    public_url: Arc<str>,
}

impl Writer {
    /// `public_url` is how the outside reaches this server, without a slash at the end.
    #[must_use]
    pub fn new(links: Links, public_url: &str) -> Self {
        Self { links, public_url: public_url.into() }
    }

    /// Registers this room's mails.
    #[must_use]
    pub fn register(&self, composers: Composers) -> Composers {
        let (link, moved, changed, way) = (self.clone(), self.clone(), self.clone(), self.clone());
        composers
            .with(MAIL, move |payload| {
                let writer = link.clone();
                async move { writer.about_link(payload).await }
            })
            .with(EMAIL_CHANGED, move |payload| {
                let writer = moved.clone();
                async move { writer.about_user(Subject::EmailChanged, payload).await }
            })
            .with(PASSWORD_CHANGED, move |payload| {
                let writer = changed.clone();
                async move { writer.about_user(Subject::PasswordChanged, payload).await }
            })
            .with(WAY_CHANGED, move |payload| {
                let writer = way.clone();
                async move {
                    let AboutWay { user, way } = serde_json::from_value(payload)?;
                    writer.about(Subject::Way(way), AboutUser { user, to: None }).await
                }
            })
    }

    async fn about_link(&self, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutLink = serde_json::from_value(payload)?;
        let Some(link) = self.links.good(about.link).await? else { return Ok(None) };
        let known = self.links.owner_of(&link.email).await?;
        let own = known.as_ref().is_some_and(|owner| Some(owner.user) == link.user);
        let subject = match (link.kind, &known) {
            (Kind::Register, None) => Subject::Register,
            (Kind::ChangeEmail, None) => Subject::ChangeEmail,
            (Kind::ChangeEmail, Some(_)) if own => Subject::ChangeEmail,
            (Kind::Register | Kind::ChangeEmail, Some(_)) => Subject::HaveAccount,
            (Kind::ResetPassword, Some(_)) => Subject::ResetPassword,
            (Kind::ResetPassword, None) => return Ok(None),
        };
        let address = match subject {
            Subject::HaveAccount => format!("{}/login", self.public_url),
            Subject::Register
            | Subject::ChangeEmail
            | Subject::ResetPassword
            | Subject::EmailChanged
            | Subject::PasswordChanged
            | Subject::Way(_) => self.links.address(&self.public_url, link.kind, link.id),
        };
        let locale = match &known {
            Some(owner) => self.locale(owner.user).await?,
            None => link.locale.clone(),
        };
        // Who registers with somebody else's address does not get to write into this mail: it greets nobody by name.
        let name = known.map(|owner| owner.name).unwrap_or_default();
        self.write(subject, &name, &link.email, locale.as_deref(), &address).await.map(Some)
    }

    async fn about_user(&self, subject: Subject, payload: Value) -> Result<Option<Message>, ComposeError> {
        self.about(subject, serde_json::from_value(payload)?).await
    }

    async fn about(&self, subject: Subject, about: AboutUser) -> Result<Option<Message>, ComposeError> {
        let Some(owner) = self.links.owner(about.user).await? else { return Ok(None) };
        let locale = self.locale(owner.user).await?;
        let to = about.to.unwrap_or(owner.email);
        let address = format!("{}/forgot-password", self.public_url);
        self.write(subject, &owner.name, &to, locale.as_deref(), &address).await.map(Some)
    }

    async fn locale(&self, user: uuid::Uuid) -> Result<Option<String>, ComposeError> {
        Ok(super::Accounts::new(self.links.pool().clone()).user(user).await?.and_then(|user| user.locale))
    }

    async fn write(
        &self,
        subject: Subject,
        name: &str,
        to: &str,
        locale: Option<&str>,
        address: &str,
    ) -> Result<Message, ComposeError> {
        let house = house::read(self.links.pool()).await?;
        let language = Language::of(locale.or(house.as_ref().map(|house| house.locale.as_str())).unwrap_or("en"));
        let house = house.map_or_else(|| "Aisle".to_owned(), |house| house.name);
        let (text, html) = render(subject, language, name, &house, address)?;
        let subject = words(subject, language).subject;
        Ok(Message {
            organizer: None,
            name: name.to_owned(),
            to: to.to_owned(),
            subject: format!("{subject} ({house})"),
            text,
            html,
            attachments: vec![],
        })
    }
}

/// The templates, in the binary. What stands in HTML is escaped without anybody asking for it.
static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Html,
        Some(_) | None => AutoEscape::None,
    });
    templates.add_template("account.html", include_str!("mails/account.html"))?;
    templates.add_template("account.txt", include_str!("mails/account.txt"))?;
    Ok(templates)
});

fn render(
    subject: Subject,
    language: Language,
    name: &str,
    house: &str,
    link: &str,
) -> Result<(String, String), ComposeError> {
    let templates = TEMPLATES.as_ref().map_err(ToString::to_string)?;
    let said = words(subject, language);
    let facts = context! {
        house, name, link,
        language => language.tag(),
        hello => said.hello,
        title => said.subject,
        paragraphs => said.paragraphs.to_vec(),
        button => said.button,
        after => said.after,
    };
    let text = templates.get_template("account.txt")?.render(&facts)?;
    let html = templates.get_template("account.html")?.render(&facts)?;
    Ok((text, html))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 2] = [Language::English, Language::German];

    #[test]
    fn every_mail_says_its_thing_in_both_languages_and_in_both_forms() {
        for subject in Subject::ALL {
            for language in LANGUAGES {
                let (text, html) =
                    render(subject, language, "Ada", "Grand Theatre", "https://x.example/verify-email#t=secret")
                        .unwrap();
                assert!(text.contains("#t=secret") && text.contains("Ada") && text.contains("Grand Theatre"), "{text}");
                assert!(html.contains("#t=secret") && html.contains("Ada"), "{html}");
                assert!(!text.contains("{{") && !html.contains("{{") && !text.contains("\n\n\n"), "{text}");
            }
            assert_ne!(words(subject, LANGUAGES[0]).subject, words(subject, LANGUAGES[1]).subject);
        }
    }

    #[test]
    fn what_people_write_stays_text_in_html() {
        let evil = "<img src=x onerror=\"alert(1)\">";
        for subject in Subject::ALL {
            let (_, html) = render(subject, Language::English, evil, evil, "https://x/").unwrap();
            assert!(!html.contains("<img"), "{html}");
        }
    }

    #[test]
    fn nobody_is_greeted_by_a_name_that_a_stranger_gave() {
        let (text, _) = render(Subject::Register, Language::English, "", "House", "https://x/").unwrap();
        assert!(text.contains("Hello,"), "{text}");
    }
}
