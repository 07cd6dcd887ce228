//! What the house writes to people about their account. Each mail is composed when it is sent, from what is true then: whether
//! an address has an account is looked up here and nowhere earlier, so no answer to a request can tell it.

mod house;
mod ways;
mod words;

use std::sync::{Arc, LazyLock};

use minijinja::{AutoEscape, Environment, context};
use serde_json::Value;

use self::house::News;
use self::words::{Subject, Words, words};
use super::credentials::{AboutUser, AboutWay, EMAIL_CHANGED, PASSWORD_CHANGED, WAY_CHANGED};
use super::identity::Role;
use super::language::Language;
use super::links::{AboutLink, Kind, Links, MAIL};
use super::members::{ADDED, AboutInvitation, AboutPart, CHANGED, INVITED, Members, REMOVED};
use crate::notify::{ComposeError, Composers, Message};
use crate::platform::house as whole_house;

/// Composes the mails of this room.
#[derive(Clone)]
pub struct Writer {
    links: Links,
    members: Members,
    public_url: Arc<str>,
}

/// What is filled into a mail's words.
struct Facts<'a> {
    name: &'a str,
    house: &'a str,
    link: &'a str,
    /// The organizer's name and the role, where the mail is about those.
    part: Option<(&'a str, &'static str)>,
}

impl Writer {
    /// `public_url` is how the outside reaches this server, without a slash at the end.
    #[must_use]
    pub fn new(links: Links, members: Members, public_url: &str) -> Self {
        Self { links, members, public_url: public_url.into() }
    }

    /// Registers this room's mails.
    #[must_use]
    pub fn register(&self, composers: Composers) -> Composers {
        let (link, moved, changed, way) = (self.clone(), self.clone(), self.clone(), self.clone());
        let (invited, parts) = (self.clone(), [ADDED, CHANGED, REMOVED].map(|kind| (kind, self.clone())));
        let composers = composers.with(INVITED, move |payload| {
            let writer = invited.clone();
            async move { writer.about_invitation(payload).await }
        });
        let composers = parts.into_iter().fold(composers, |composers, (kind, writer)| {
            composers.with(kind, move |payload| {
                let writer = writer.clone();
                async move { writer.about_part(kind, payload).await }
            })
        });
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

    async fn about_invitation(&self, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutInvitation = serde_json::from_value(payload)?;
        let Some(asked) = self.members.asked(about.invitation).await? else { return Ok(None) };
        let known = self.links.owner_of(&asked.email).await?;
        let news = if known.is_some() { News::Invited } else { News::InvitedStranger };
        let locale = match &known {
            Some(owner) => self.locale(owner.user).await?,
            None => None,
        };
        let name = known.map(|owner| owner.name).unwrap_or_default();
        let address = self.members.address(&self.public_url, about.invitation);
        let to = Recipient { name, address: asked.email, locale };
        self.tell(news, to, &asked.house_name, Some(asked.role), &address).await.map(Some)
    }

    async fn about_part(&self, kind: &str, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutPart = serde_json::from_value(payload)?;
        let Some(owner) = self.links.owner(about.user).await? else { return Ok(None) };
        let Some(organizer) = self.members.house_name(about.organizer).await? else { return Ok(None) };
        let (news, page) = match kind {
            ADDED => (News::Added, "admin"),
            REMOVED => (News::Removed, "account"),
            _ => (News::Changed, "admin"),
        };
        let locale = self.locale(owner.user).await?;
        let to = Recipient { name: owner.name, address: owner.email, locale };
        self.tell(news, to, &organizer, about.role, &format!("{}/{page}", self.public_url)).await.map(Some)
    }

    async fn write(
        &self,
        subject: Subject,
        name: &str,
        to: &str,
        locale: Option<&str>,
        address: &str,
    ) -> Result<Message, ComposeError> {
        let (language, house) = self.voice(locale).await?;
        let facts = Facts { name, house: &house, link: address, part: None };
        message(&words(subject, language), language, &facts, to)
    }

    async fn tell(
        &self,
        news: News,
        to: Recipient,
        organizer: &str,
        role: Option<Role>,
        address: &str,
    ) -> Result<Message, ComposeError> {
        let (language, house) = self.voice(to.locale.as_deref()).await?;
        // Whoever named it may have written anything: it stays within its line.
        let organizer = organizer.split_whitespace().collect::<Vec<_>>().join(" ");
        let role = role.map_or("", |role| house::role(role, language));
        let facts = Facts { name: &to.name, house: &house, link: address, part: Some((&organizer, role)) };
        message(&house::words(news, language), language, &facts, &to.address)
    }

    /// In which language, and under which name.
    async fn voice(&self, locale: Option<&str>) -> Result<(Language, String), ComposeError> {
        let house = whole_house::read(self.links.pool()).await?;
        let language = Language::of(locale.or(house.as_ref().map(|house| house.locale.as_str())).unwrap_or("en"));
        Ok((language, house.map_or_else(|| "Aisle".to_owned(), |house| house.name)))
    }
}

/// To whom a mail about a house goes.
struct Recipient {
    name: String,
    address: String,
    locale: Option<String>,
}

/// A mail of an account belongs to no organizer: in the mailbox administrators alone see it, for its link proves who opens it.
fn message(said: &Words, language: Language, facts: &Facts<'_>, to: &str) -> Result<Message, ComposeError> {
    let (text, html) = render(said, language, facts)?;
    Ok(Message {
        organizer: None,
        name: facts.name.to_owned(),
        to: to.to_owned(),
        subject: format!("{} ({})", facts.filled(said.subject), facts.house),
        text,
        html,
        attachments: vec![],
    })
}

impl Facts<'_> {
    fn filled(&self, words: &str) -> String {
        match self.part {
            // The name comes last, so that what it says is not filled in again.
            Some((organizer, role)) => words.replace("{role}", role).replace("{organizer}", organizer),
            None => words.to_owned(),
        }
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

fn render(said: &Words, language: Language, facts: &Facts<'_>) -> Result<(String, String), ComposeError> {
    let templates = TEMPLATES.as_ref().map_err(ToString::to_string)?;
    let paragraphs: Vec<_> = said.paragraphs.iter().map(|paragraph| facts.filled(paragraph)).collect();
    let context = context! {
        house => facts.house, name => facts.name, link => facts.link,
        language => language.tag(),
        hello => said.hello,
        title => facts.filled(said.subject),
        paragraphs,
        button => said.button,
        after => said.after,
    };
    let text = templates.get_template("account.txt")?.render(&context)?;
    let html = templates.get_template("account.html")?.render(&context)?;
    Ok((text, html))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 2] = [Language::English, Language::German];

    /// Every mail's words in this language.
    fn all(language: Language) -> Vec<Words> {
        let about_houses = News::ALL.into_iter().map(|news| house::words(news, language));
        Subject::ALL.into_iter().map(|subject| words(subject, language)).chain(about_houses).collect()
    }

    fn facts<'a>(name: &'a str, house: &'a str, link: &'a str) -> Facts<'a> {
        Facts { name, house, link, part: Some((house, "box office")) }
    }

    #[test]
    fn every_mail_says_its_thing_in_both_languages_and_in_both_forms() {
        for language in LANGUAGES {
            for said in all(language) {
                let facts = facts("Ada", "Grand Theatre", "https://x.example/verify-email#t=secret");
                let (text, html) = render(&said, language, &facts).unwrap();
                assert!(text.contains("#t=secret") && text.contains("Ada") && text.contains("Grand Theatre"), "{text}");
                assert!(html.contains("#t=secret") && html.contains("Ada"), "{html}");
                assert!(!text.contains("{{") && !html.contains("{{") && !text.contains("\n\n\n"), "{text}");
                assert!(!text.contains("{role}") && !text.contains("{organizer}"), "{text}");
            }
        }
        for (english, german) in all(LANGUAGES[0]).into_iter().zip(all(LANGUAGES[1])) {
            assert_ne!(english.subject, german.subject);
        }
    }

    #[test]
    fn what_people_write_stays_text_in_html() {
        let evil = "<img src=x onerror=\"alert(1)\">";
        for said in all(Language::English) {
            let (_, html) = render(&said, Language::English, &facts(evil, evil, "https://x/")).unwrap();
            assert!(!html.contains("<img"), "{html}");
        }
    }

    #[test]
    fn nobody_is_greeted_by_a_name_that_a_stranger_gave() {
        let said = words(Subject::Register, Language::English);
        let (text, _) = render(&said, Language::English, &facts("", "House", "https://x/")).unwrap();
        assert!(text.contains("Hello,"), "{text}");
    }

    #[test]
    fn the_name_of_a_house_is_not_read_as_a_place_to_fill() {
        let said = house::words(News::Changed, Language::English);
        let (text, _) = render(&said, Language::English, &facts("Ada", "{role} {organizer}", "https://x/")).unwrap();
        assert!(text.contains("in {role} {organizer} now: box office"), "{text}");
    }
}
