//! The words of mails about somebody's part in a house. What stands in braces is filled in: `{organizer}`, `{role}`.

use super::words::Words;
use crate::accounts::identity::Role;
use crate::accounts::language::Language;

/// What a mail about a house is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::accounts::mails) enum News {
    /// Somebody without an account is asked into the house.
    InvitedStranger,
    /// Somebody with an account is asked into the house.
    Invited,
    /// They have a part in the house now.
    Added,
    /// They have another part in the house.
    Changed,
    /// They have no part in the house any more.
    Removed,
}

impl News {
    #[cfg(test)]
    pub(super) const ALL: [Self; 5] = [Self::InvitedStranger, Self::Invited, Self::Added, Self::Changed, Self::Removed];
}

/// What a part is called.
pub(super) fn role(role: Role, language: Language) -> &'static str {
    match (language, role) {
        (Language::English, Role::Organizer) => "organizer (runs the house)",
        (Language::English, Role::BoxOffice) => "box office (sells at the counter)",
        (Language::English, Role::Scanner) => "scanner (admits tickets)",
        (Language::German, Role::Organizer) => "Leitung (führt das Haus)",
        (Language::German, Role::BoxOffice) => "Theaterkasse (verkauft am Schalter)",
        (Language::German, Role::Scanner) => "Einlass (prüft Karten)",
    }
}

/// What this mail says in this language.
pub(super) fn words(news: News, language: Language) -> Words {
    match language {
        Language::English => english(news),
        Language::German => german(news),
    }
}

fn english(news: News) -> Words {
    let hello = "Hello";
    let week = "The link works once, for seven days. If you do not know the house, do nothing.";
    match news {
        News::InvitedStranger => Words {
            subject: "You are invited to work with {organizer}",
            hello,
            paragraphs: &[
                "{organizer} asks you to work with them. Your part: {role}.",
                "You have no account with us yet. Follow the link, choose a name and a password, and you are in.",
            ],
            button: "See the invitation",
            after: week,
        },
        News::Invited => Words {
            subject: "You are invited to work with {organizer}",
            hello,
            paragraphs: &[
                "{organizer} asks you to work with them. Your part: {role}.",
                "Follow the link and sign in with the account that you have with this address.",
            ],
            button: "See the invitation",
            after: week,
        },
        News::Added => Words {
            subject: "You work with {organizer} now",
            hello,
            paragraphs: &["an administrator has given you a part in {organizer}: {role}. It works at once."],
            button: "To the back office",
            after: "If you do not know why, answer this mail.",
        },
        News::Changed => Words {
            subject: "Your part in {organizer} was changed",
            hello,
            paragraphs: &["you have another part in {organizer} now: {role}. It works at once."],
            button: "To the back office",
            after: "If you do not know why, ask somebody who runs the house.",
        },
        News::Removed => Words {
            subject: "You no longer work with {organizer}",
            hello,
            paragraphs: &[
                "your part in {organizer} was taken away. You can no longer see or change anything of this house.",
                "Your account stays, with everything that you bought.",
            ],
            button: "To your account",
            after: "If you do not know why, ask somebody who runs the house.",
        },
    }
}

fn german(news: News) -> Words {
    let hello = "Guten Tag";
    let week = "Der Link gilt einmal, sieben Tage lang. Kennen Sie das Haus nicht, tun Sie nichts.";
    match news {
        News::InvitedStranger => Words {
            subject: "Einladung zur Mitarbeit bei {organizer}",
            hello,
            paragraphs: &[
                "{organizer} lädt Sie zur Mitarbeit ein. Ihre Aufgabe: {role}.",
                "Sie haben noch kein Konto bei uns. Folgen Sie dem Link, wählen Sie Namen und Passwort, und Sie sind dabei.",
            ],
            button: "Einladung ansehen",
            after: week,
        },
        News::Invited => Words {
            subject: "Einladung zur Mitarbeit bei {organizer}",
            hello,
            paragraphs: &[
                "{organizer} lädt Sie zur Mitarbeit ein. Ihre Aufgabe: {role}.",
                "Folgen Sie dem Link, und melden Sie sich mit dem Konto an, das Sie mit dieser Adresse haben.",
            ],
            button: "Einladung ansehen",
            after: week,
        },
        News::Added => Words {
            subject: "Sie arbeiten jetzt bei {organizer} mit",
            hello,
            paragraphs: &["Sie haben jetzt eine Aufgabe bei {organizer}: {role}. Das gilt sofort."],
            button: "Zum Büro",
            after: "Wissen Sie nicht, warum, antworten Sie auf diese Mail.",
        },
        News::Changed => Words {
            subject: "Ihre Aufgabe bei {organizer} wurde geändert",
            hello,
            paragraphs: &["Sie haben jetzt eine andere Aufgabe bei {organizer}: {role}. Das gilt sofort."],
            button: "Zum Büro",
            after: "Wissen Sie nicht, warum, fragen Sie die Leitung des Hauses.",
        },
        News::Removed => Words {
            subject: "Sie arbeiten nicht mehr bei {organizer} mit",
            hello,
            paragraphs: &[
                "Sie haben keine Aufgabe mehr bei {organizer} und können von diesem Haus nichts mehr sehen oder ändern.",
                "Ihr Konto bleibt, mit allem, was Sie gekauft haben.",
            ],
            button: "Zu Ihrem Konto",
            after: "Wissen Sie nicht, warum, fragen Sie die Leitung des Hauses.",
        },
    }
}
