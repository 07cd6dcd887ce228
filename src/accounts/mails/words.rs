//! The words of the account's mails, in the languages of the house.

use super::ways;
use crate::accounts::credentials::Way;
use crate::accounts::language::Language;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Somebody registered with this address.
    Register,
    /// Somebody registered with an address that has an account, or wants to move theirs to it.
    HaveAccount,
    /// Somebody wants to move their account to this address.
    ChangeEmail,
    /// Somebody forgot their password.
    ResetPassword,
    /// The account has moved to another address.
    EmailChanged,
    /// There is a new password.
    PasswordChanged,
    /// How they sign in has changed otherwise.
    Way(Way),
}

impl Subject {
    #[cfg(test)]
    pub(super) const ALL: [Self; 13] = [
        Self::Register,
        Self::HaveAccount,
        Self::ChangeEmail,
        Self::ResetPassword,
        Self::EmailChanged,
        Self::PasswordChanged,
        Self::Way(Way::AppAdded),
        Self::Way(Way::AppRemoved),
        Self::Way(Way::PasskeyAdded),
        Self::Way(Way::PasskeyRemoved),
        Self::Way(Way::CodesRenewed),
        Self::Way(Way::AccountLinked),
        Self::Way(Way::AccountUnlinked),
    ];
}

/// A mail's words.
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) hello: &'static str,
    pub(super) paragraphs: &'static [&'static str],
    pub(super) button: &'static str,
    pub(super) after: &'static str,
}

/// What this mail says in this language.
pub(super) fn words(subject: Subject, language: Language) -> Words {
    match language {
        Language::English => english(subject),
        Language::German => german(subject),
    }
}

fn english(subject: Subject) -> Words {
    let hello = "Hello";
    match subject {
        Subject::Register => Words {
            subject: "Confirm your address",
            hello,
            paragraphs: &[
                "somebody, probably you, asked for an account with this address. Confirm that the address is yours, and you \
                 can sign in.",
                "If it was not you, do nothing: without your confirmation no account is made.",
            ],
            button: "Confirm the address",
            after: "The link works once, for 24 hours.",
        },
        Subject::HaveAccount => Words {
            subject: "You have an account already",
            hello,
            paragraphs: &[
                "somebody, probably you, asked for an account with this address. There is one already, so nothing was changed.",
                "Sign in with it. If you have forgotten its password, the same page helps you to a new one.",
            ],
            button: "Sign in",
            after: "If it was not you, you need do nothing.",
        },
        Subject::ChangeEmail => Words {
            subject: "Confirm your new address",
            hello,
            paragraphs: &[
                "somebody, probably you, wants to use this address for their account with us. Confirm that it is yours, and \
                 the account moves to it.",
            ],
            button: "Confirm the address",
            after: "The link works once, for 24 hours. If it was not you, do nothing: nothing changes.",
        },
        Subject::ResetPassword => Words {
            subject: "Choose a new password",
            hello,
            paragraphs: &["somebody, probably you, asked for a new password for your account. Choose it here."],
            button: "Choose a new password",
            after: "The link works once, for one hour. If it was not you, do nothing: your password stays as it is.",
        },
        Subject::EmailChanged => Words {
            subject: "Your account has a new address",
            hello,
            paragraphs: &[
                "your account with us now belongs to another e-mail address. From now on we write there, and this address no \
                 longer signs in.",
                "If it was not you, answer this mail or write to the box office at once.",
            ],
            button: "I did not do this",
            after: "You get this mail because the account had this address until now.",
        },
        Subject::PasswordChanged => Words {
            subject: "Your password was changed",
            hello,
            paragraphs: &[
                "the password of your account was changed, and other devices were signed out.",
                "If it was not you, choose a new one at once.",
            ],
            button: "I did not do this",
            after: "If it was you, you need do nothing.",
        },
        Subject::Way(way) => ways::words(way, Language::English),
    }
}

fn german(subject: Subject) -> Words {
    let hello = "Guten Tag";
    match subject {
        Subject::Register => Words {
            subject: "Bestätigen Sie Ihre Adresse",
            hello,
            paragraphs: &[
                "jemand, vermutlich Sie, möchte mit dieser Adresse ein Konto anlegen. Bestätigen Sie, dass die Adresse Ihnen \
                 gehört; danach können Sie sich anmelden.",
                "Waren Sie es nicht, tun Sie nichts: Ohne Ihre Bestätigung entsteht kein Konto.",
            ],
            button: "Adresse bestätigen",
            after: "Der Link gilt einmal, 24 Stunden lang.",
        },
        Subject::HaveAccount => Words {
            subject: "Sie haben schon ein Konto",
            hello,
            paragraphs: &[
                "jemand, vermutlich Sie, möchte mit dieser Adresse ein Konto anlegen. Es gibt schon eines; geändert wurde \
                 deshalb nichts.",
                "Melden Sie sich damit an. Haben Sie das Passwort vergessen, hilft Ihnen dieselbe Seite zu einem neuen.",
            ],
            button: "Anmelden",
            after: "Waren Sie es nicht, brauchen Sie nichts zu tun.",
        },
        Subject::ChangeEmail => Words {
            subject: "Bestätigen Sie Ihre neue Adresse",
            hello,
            paragraphs: &[
                "jemand, vermutlich Sie, möchte diese Adresse für ein Konto bei uns verwenden. Bestätigen Sie, dass sie Ihnen \
                 gehört; dann zieht das Konto dorthin um.",
            ],
            button: "Adresse bestätigen",
            after: "Der Link gilt einmal, 24 Stunden lang. Waren Sie es nicht, tun Sie nichts: Es ändert sich nichts.",
        },
        Subject::ResetPassword => Words {
            subject: "Wählen Sie ein neues Passwort",
            hello,
            paragraphs: &[
                "jemand, vermutlich Sie, möchte ein neues Passwort für Ihr Konto. Hier können Sie es wählen.",
            ],
            button: "Neues Passwort wählen",
            after: "Der Link gilt einmal, eine Stunde lang. Waren Sie es nicht, tun Sie nichts: Ihr Passwort bleibt, wie es ist.",
        },
        Subject::EmailChanged => Words {
            subject: "Ihr Konto hat eine neue Adresse",
            hello,
            paragraphs: &[
                "Ihr Konto bei uns gehört jetzt zu einer anderen E-Mail-Adresse. Wir schreiben ab jetzt dorthin, und mit \
                 dieser Adresse können Sie sich nicht mehr anmelden.",
                "Waren Sie es nicht, antworten Sie auf diese Mail, oder schreiben Sie gleich der Theaterkasse.",
            ],
            button: "Das war ich nicht",
            after: "Sie erhalten diese Mail, weil das Konto bis jetzt diese Adresse hatte.",
        },
        Subject::PasswordChanged => Words {
            subject: "Ihr Passwort wurde geändert",
            hello,
            paragraphs: &[
                "das Passwort Ihres Kontos wurde geändert, und andere Geräte wurden abgemeldet.",
                "Waren Sie es nicht, wählen Sie gleich ein neues.",
            ],
            button: "Das war ich nicht",
            after: "Waren Sie es, brauchen Sie nichts zu tun.",
        },
        Subject::Way(way) => ways::words(way, Language::German),
    }
}
