//! Codes of an authenticator app (RFC 6238): SHA-1, six digits, half a minute, because that is what every app knows.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use totp_rs::{Algorithm, Builder, Totp, TotpError};

use crate::platform::ids;

/// As long as SHA-1's own output; apps expect it.
pub const SECRET_BYTES: usize = 20;
const STEP_S: u64 = 30;
/// A clock may be one step off in either direction, or its owner type slowly.
const SKEW_STEPS: u16 = 1;

/// A secret shared with an app.
pub struct Secret(Totp);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn random() -> Result<([u8; SECRET_BYTES], Self), getrandom::Error> {
        let bytes = ids::random_bytes::<SECRET_BYTES>()?;
        // Of that length it cannot be refused; should it be, the next line gives a secret that is as good.
        let secret = Self::of(&bytes).unwrap_or_else(|_| Self(builder(&bytes).build_noncompliant()));
        Ok((bytes, secret))
    }

    /// The one with these bytes.
    ///
    /// # Errors
    /// When they are too few.
    pub fn of(bytes: &[u8]) -> Result<Self, TotpError> {
        builder(bytes).build().map(Self)
    }

    /// The step whose code this is, at most one away from the present one.
    #[must_use]
    pub fn step_of(&self, code: &str, unix_s: u64) -> Option<i64> {
        let digits: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0.check(&digits, unix_s).and_then(|step| i64::try_from(step).ok())
    }

    /// As people type it into an app that has no camera.
    #[must_use]
    pub fn words(&self) -> String {
        self.0.secret().to_base32()
    }

    /// What an app reads: who asks, and whose account it is.
    #[must_use]
    pub fn url(&self, house: &str, email: &str) -> String {
        // A colon parts the two.
        let (house, email) = (house.replace(':', " "), email.replace(':', " "));
        format!(
            "otpauth://totp/{house}:{email}?secret={}&issuer={house}&algorithm=SHA1&digits=6&period={STEP_S}",
            self.words(),
            house = escaped(&house),
            email = escaped(&email)
        )
    }
}

fn builder(bytes: &[u8]) -> Builder {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(SKEW_STEPS)
        .with_step_duration(STEP_S)
        .with_secret(bytes)
}

/// Percent-encoded, all but what RFC 3986 leaves alone.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The picture of a text, for an app's camera. `None` where it is longer than any QR code.
#[must_use]
pub fn picture(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    // Inside a page an XML declaration is an error.
    Some(drawn.find("<svg").map_or(drawn.as_str(), |at| &drawn[at..]).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret and the codes of RFC 6238, appendix B, cut to six digits.
    const RFC: (&[u8], [(u64, &str); 5]) = (
        b"12345678901234567890",
        [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ],
    );

    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::of(RFC.0).unwrap();
        for (at, code) in RFC.1 {
            assert_eq!(secret.step_of(code, at), i64::try_from(at / 30).ok(), "{at}");
        }
        assert_eq!(secret.step_of("287 082", 59), Some(1));
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_longer() {
        let secret = Secret::of(RFC.0).unwrap();
        // The code of the step from 1,234,567,890 to 1,234,567,919.
        for (at, good) in [
            (1_234_567_859, false),
            (1_234_567_860, true),
            (1_234_567_890, true),
            (1_234_567_949, true),
            (1_234_567_950, false),
        ] {
            assert_eq!(secret.step_of("005924", at).is_some(), good, "{at}");
        }
        for wrong in ["", "005925", "05924", "0059240", "00592a", "٠٠٥٩٢٤"] {
            assert_eq!(secret.step_of(wrong, 1_234_567_890), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_reads_who_asks_and_whose_it_is() {
        let secret = Secret::of(RFC.0).unwrap();
        let url = secret.url("Opera: the house", "ada+box@example.org");
        assert!(url.starts_with("otpauth://totp/Opera%20%20the%20house:ada%2Bbox@example.org?secret="), "{url}");
        assert!(url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Opera%20%20the%20house&"), "{url}");
        let picture = picture(&url).unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        assert!(super::picture(&"x".repeat(5000)).is_none());
    }

    #[test]
    fn every_secret_is_another() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(one.0, other.0);
        assert_ne!(one.1.words(), other.1.words());
    }
}
