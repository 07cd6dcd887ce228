//! A QR code as lines of dark modules, for whoever draws it: the picture and the page.

use qrcode::{Color, EcLevel, QrCode};

/// The light frame that a scanner needs around the code, in modules.
pub const QUIET: usize = 4;

/// A QR code without its quiet zone.
pub struct Qr {
    /// How many modules wide and high.
    pub width: usize,
    /// Dark modules, joined along each row: column, row, length.
    pub runs: Vec<(usize, usize, usize)>,
}

/// The QR code of a text. `None` when it is longer than any QR code has room for.
///
/// It survives the loss of 15 % of its area: enough for a folded print, and its modules stay big on a phone.
#[must_use]
pub fn of(text: &str) -> Option<Qr> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let mut runs = Vec::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let length = row[x..].iter().take_while(|&&color| color == Color::Dark).count();
            if length > 0 {
                runs.push((x, y, length));
            }
            x += length.max(1);
        }
    }
    Some(Qr { width, runs })
}

/// The QR code of a ticket as SVG, with quiet zone, named by `title`. Without a `code`, the picture says `instead`.
#[must_use]
pub fn svg(title: &str, code: Option<&str>, instead: &str) -> String {
    let title = escaped(title);
    let Some(qr) = code.and_then(of) else {
        let words = escaped(instead);
        return format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 57 57\" role=\"img\" aria-label=\"{title}: {words}\">\
             <title>{title}: {words}</title><rect width=\"57\" height=\"57\" fill=\"#fff\"/>\
             <rect x=\"4\" y=\"4\" width=\"49\" height=\"49\" rx=\"1\" fill=\"none\" stroke=\"#b3201a\"/>\
             <text x=\"28.5\" y=\"30.5\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"6\" \
             font-weight=\"700\" fill=\"#b3201a\">{words}</text></svg>"
        );
    };
    let side = qr.width + 2 * QUIET;
    let path: String =
        qr.runs.iter().map(|(x, y, length)| format!("M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{title}\" \
         shape-rendering=\"crispEdges\"><title>{title}</title><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}

/// Text for XML: what has a meaning there is spelled out, what XML does not allow is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_whole_within_its_quiet_zone() {
        let qr = of("AISLE").unwrap();
        assert_eq!(qr.width, 21);
        // The finder pattern's upper edge.
        assert_eq!(qr.runs[0], (0, 0, 7));
        assert!(qr.runs.iter().all(|&(x, y, length)| x + length <= 21 && y < 21 && length > 0));
        let svg = svg("Row A", Some("AISLE"), "");
        assert!(svg.contains("viewBox=\"0 0 29 29\"") && svg.contains("M4 4h7v1h-7z"), "{svg}");
    }

    #[test]
    fn what_a_title_says_stays_text() {
        let svg = svg("<script>alert(\"x\")</script>\u{0}\u{ffff}& 'y'", None, "Cancelled");
        assert!(!svg.contains("<script") && !svg.contains('\u{0}') && !svg.contains('\u{ffff}'), "{svg}");
        assert!(svg.contains("&lt;script&gt;alert(&quot;x&quot;)") && svg.contains("Cancelled"), "{svg}");
    }

    #[test]
    fn too_long_a_text_has_no_code() {
        assert!(of(&"x".repeat(5000)).is_none());
    }
}
