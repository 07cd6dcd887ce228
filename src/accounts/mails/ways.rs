//! The words of the mails that tell of a change in how somebody signs in.

use super::words::Words;
use crate::accounts::credentials::Way;
use crate::accounts::language::Language;

/// What the mail about this change says in this language.
pub(super) fn words(way: Way, language: Language) -> Words {
    let (subject, paragraphs) = match language {
        Language::English => english(way),
        Language::German => german(way),
    };
    match language {
        Language::English => Words {
            subject,
            hello: "Hello",
            paragraphs,
            button: "I did not do this",
            after: "If it was you, you need do nothing.",
        },
        Language::German => Words {
            subject,
            hello: "Guten Tag",
            paragraphs,
            button: "Das war ich nicht",
            after: "Waren Sie es, brauchen Sie nichts zu tun.",
        },
    }
}

/// What became of it, and what to do about it.
type Said = (&'static str, &'static [&'static str]);

fn english(way: Way) -> Said {
    match way {
        Way::AppAdded => (
            "An authenticator app was added",
            &[
                "from now on your account asks for a code of an authenticator app when you sign in. Other devices were signed out.",
                ENGLISH,
            ],
        ),
        Way::AppRemoved => (
            "Your authenticator app was removed",
            &["your account no longer asks for a code of your authenticator app when you sign in.", ENGLISH],
        ),
        Way::PasskeyAdded => (
            "A passkey was added",
            &[
                "a passkey was added to your account and signs in to it from now on. Other devices were signed out.",
                ENGLISH,
            ],
        ),
        Way::PasskeyRemoved => (
            "A passkey was removed",
            &["a passkey was removed from your account and no longer signs in to it.", ENGLISH],
        ),
        Way::CodesRenewed => (
            "You have new recovery codes",
            &["new recovery codes were made for your account. The old ones are good no more.", ENGLISH],
        ),
        Way::AccountLinked => (
            "Another way to sign in was added",
            &["an account elsewhere was connected to yours and signs in to it from now on.", ENGLISH],
        ),
        Way::AccountUnlinked => (
            "A way to sign in was removed",
            &["an account elsewhere was disconnected from yours and no longer signs in to it.", ENGLISH],
        ),
    }
}

const ENGLISH: &str = "If it was not you, choose a new password at once: that signs out every device. Then look at Security in your account.";

fn german(way: Way) -> Said {
    match way {
        Way::AppAdded => (
            "Eine Authenticator-App wurde hinzugefügt",
            &[
                "beim Anmelden fragt Ihr Konto ab jetzt nach einem Code einer Authenticator-App. Andere Geräte wurden abgemeldet.",
                GERMAN,
            ],
        ),
        Way::AppRemoved => (
            "Ihre Authenticator-App wurde entfernt",
            &["beim Anmelden fragt Ihr Konto nicht mehr nach einem Code Ihrer Authenticator-App.", GERMAN],
        ),
        Way::PasskeyAdded => (
            "Ein Passkey wurde hinzugefügt",
            &[
                "zu Ihrem Konto kam ein Passkey, mit dem man sich ab jetzt anmelden kann. Andere Geräte wurden abgemeldet.",
                GERMAN,
            ],
        ),
        Way::PasskeyRemoved => (
            "Ein Passkey wurde entfernt",
            &["von Ihrem Konto wurde ein Passkey entfernt; mit ihm kann sich niemand mehr anmelden.", GERMAN],
        ),
        Way::CodesRenewed => (
            "Sie haben neue Wiederherstellungscodes",
            &["für Ihr Konto gibt es neue Wiederherstellungscodes. Die alten gelten nicht mehr.", GERMAN],
        ),
        Way::AccountLinked => (
            "Ein weiterer Weg zum Anmelden kam hinzu",
            &["mit Ihrem Konto wurde ein Konto anderswo verbunden, mit dem man sich ab jetzt anmelden kann.", GERMAN],
        ),
        Way::AccountUnlinked => (
            "Ein Weg zum Anmelden wurde entfernt",
            &[
                "die Verbindung Ihres Kontos mit einem Konto anderswo wurde gelöst; damit kann sich niemand mehr anmelden.",
                GERMAN,
            ],
        ),
    }
}

const GERMAN: &str = "Waren Sie es nicht, wählen Sie gleich ein neues Passwort: Das meldet alle Geräte ab. Sehen Sie danach in \
     Ihrem Konto unter Sicherheit nach.";
