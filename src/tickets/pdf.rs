//! Tickets as a PDF: one A5 page each, drawn at its own size, so that it prints two to a sheet and reads well on a phone.

use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::TextDirection;

use super::qr;
use super::store::Ticket;
use super::typeset::{Block, Face, Faces};
use super::words;

/// A5 upright, in points.
const PAGE: (f32, f32) = (419.53, 595.28);
const MARGIN: f32 = 34.0;
const MEASURE: f32 = PAGE.0 - 2.0 * MARGIN;
/// Where the dark head ends.
const HEAD: f32 = 214.0;
/// Where the stub with the code begins.
const STUB: f32 = 390.0;
const CODE: f32 = 144.0;

type Ink = (u8, u8, u8);
const DARK: Ink = (0x29, 0x1a, 0x33);
const INK: Ink = (0x1b, 0x10, 0x22);
const INK_2: Ink = (0x5a, 0x4e, 0x63);
const RULE: Ink = (0xcd, 0xc6, 0xd3);
const HAZE: Ink = (0xb3, 0xa6, 0xbd);
const LAMP: Ink = (0xff, 0xc6, 0x29);
const ALARM: Ink = (0xb3, 0x20, 0x1a);
const WHITE: Ink = (0xff, 0xff, 0xff);

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The fonts in this binary cannot be read.
    #[error("the fonts in this binary cannot be read")]
    Fonts,
    /// The page could not be written.
    #[error("the PDF could not be written: {0}")]
    Unwritable(String),
}

/// A page of the PDF: a ticket, with its code where it admits.
pub struct Sheet<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// Its code; a ticket that is not valid has none, and says why.
    pub code: Option<String>,
}

/// Draws tickets, one a page. Takes some milliseconds a page: not for a thread that answers requests. The same tickets are
/// the same bytes.
///
/// # Errors
/// When the PDF cannot be written, which no text in a ticket brings about.
pub fn draw(house: &str, sheets: &[Sheet<'_>]) -> Result<Vec<u8>, PdfError> {
    let faces = Faces::get().ok_or(PdfError::Fonts)?;
    let mut document = Document::new();
    let title = sheets.first().map_or_else(|| house.to_owned(), |sheet| sheet.ticket.production.clone());
    document.set_metadata(Metadata::new().title(title).language("en".to_owned()).creator("Aisle".to_owned()));
    for sheet in sheets {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
            .ok_or_else(|| PdfError::Unwritable("the page has no size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut pen = Pen { surface: page.surface(), faces };
        pen.head(house, sheet.ticket);
        pen.place(sheet.ticket);
        pen.stub(sheet);
        // The surface ends where the pen is put down, and must before its page.
        drop(pen);
        page.finish();
    }
    document.finish().map_err(|error| PdfError::Unwritable(format!("{error:?}")))
}

struct Pen<'s, 'f> {
    surface: Surface<'s>,
    faces: &'f Faces,
}

impl Pen<'_, '_> {
    fn ink(&mut self, (red, green, blue): Ink) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: krilla::color::rgb::Color::new(red, green, blue).into(),
            opacity: NormalizedF32::ONE,
            rule: Default::default(),
        }));
    }

    fn rect(&mut self, ink: Ink, (x, y): (f32, f32), (width, height): (f32, f32)) {
        self.ink(ink);
        let mut path = PathBuilder::new();
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            path.push_rect(rect);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn line(&mut self, ink: Ink, (from, to): ((f32, f32), (f32, f32)), width: f32, dash: Option<StrokeDash>) {
        self.surface.set_fill(None);
        let (red, green, blue) = ink;
        self.surface.set_stroke(Some(Stroke {
            paint: krilla::color::rgb::Color::new(red, green, blue).into(),
            width,
            dash,
            ..Stroke::default()
        }));
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    /// A block of text with its first baseline at `y`; returns the last baseline.
    fn block(&mut self, face: Face, ink: Ink, (x, y): (f32, f32), block: &Block) -> f32 {
        self.ink(ink);
        let font = self.faces.font(face);
        let mut baseline = y;
        for (at, line) in block.lines.iter().enumerate() {
            baseline = y + at as f32 * block.leading();
            let point = Point::from_xy(x, baseline);
            self.surface.draw_text(point, font.clone(), block.size, line, false, TextDirection::Auto);
        }
        baseline
    }

    /// One line, smaller or cut where it would be wider than `width`.
    fn fitted(&mut self, face: Face, ink: Ink, at: (f32, f32), text: &str, (size, width): (f32, f32)) {
        let block = self.faces.fit(face, text, &[size, size * 0.85, size * 0.7, size * 0.55], width, 1);
        self.block(face, ink, at, &block);
    }

    /// A small word above what it names.
    fn label(&mut self, ink: Ink, at: (f32, f32), text: &str, width: f32) {
        self.fitted(Face::Regular, ink, at, text, (8.5, width));
    }

    fn head(&mut self, house: &str, ticket: &Ticket) {
        self.rect(DARK, (0.0, 0.0), (PAGE.0, HEAD));
        self.rect(LAMP, (0.0, HEAD), (PAGE.0, 5.0));
        self.fitted(Face::Bold, LAMP, (MARGIN, 43.0), house, (11.0, MEASURE));
        let title = self.faces.fit(Face::Bold, &ticket.production, &[34.0, 29.0, 24.0, 20.0, 16.0], MEASURE, 3);
        let below = self.block(Face::Bold, WHITE, (MARGIN, 50.0 + title.size), &title);
        // A long title leaves no room for more.
        if !ticket.subtitle.trim().is_empty() && below < 130.0 {
            let subtitle = self.faces.fit(Face::Regular, &ticket.subtitle, &[11.5], MEASURE, 1);
            self.block(Face::Regular, HAZE, (MARGIN, below + 12.0 + title.size * 0.28), &subtitle);
        }
        let starts = words::local(ticket.starts_at, &ticket.time_zone);
        self.fitted(Face::Bold, WHITE, (MARGIN, 190.0), &words::date(&starts), (17.0, MEASURE - 120.0));
        let time = words::time(&starts);
        let width = self.faces.width(Face::Bold, &time, 30.0);
        self.block(Face::Bold, LAMP, (PAGE.0 - MARGIN - width, 190.0), &Block::line(time, 30.0));
    }

    fn place(&mut self, ticket: &Ticket) {
        self.fitted(Face::Bold, INK, (MARGIN, 250.0), &ticket.venue, (14.0, MEASURE - 110.0));
        let parts = [&ticket.address, &ticket.city, &ticket.country];
        let address: Vec<&str> = parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
        self.fitted(Face::Regular, INK_2, (MARGIN, 266.0), &address.join(", "), (10.5, MEASURE - 110.0));
        if let Some(doors) = ticket.doors_at {
            let doors = words::local(doors, &ticket.time_zone);
            let x = PAGE.0 - MARGIN - 90.0;
            self.label(INK_2, (x, 250.0), "Doors open", 90.0);
            let said = format!("{} {}", words::time(&doors), words::zone(&doors));
            self.fitted(Face::Bold, INK, (x, 266.0), &said, (12.0, 90.0));
        }
        self.line(RULE, ((MARGIN, 284.0), (PAGE.0 - MARGIN, 284.0)), 0.75, None);

        // The place: what an usher and its owner look for, biggest of all.
        let section = words::section(ticket);
        let columns: Vec<(&str, &str, f32)> = match (&ticket.row, &ticket.number) {
            (Some(row), Some(number)) => vec![("Section", &section, 0.52), ("Row", row, 0.24), ("Seat", number, 0.24)],
            (None, Some(number)) => vec![("Section", &section, 0.7), ("Seat", number, 0.3)],
            (Some(row), None) => vec![("Section", &section, 0.7), ("Row", row, 0.3)],
            (None, None) => vec![("Admission to", &section, 1.0)],
        };
        let mut x = MARGIN;
        for (label, value, share) in columns {
            let width = MEASURE * share - 10.0;
            self.label(INK_2, (x, 306.0), label, width);
            // A row's or a seat's label is never broken; the house's word for a section may take two lines.
            let lines = if x == MARGIN { 2 } else { 1 };
            let value = self.faces.fit(Face::Bold, value, &[40.0, 32.0, 26.0, 20.0, 16.0, 13.0], width, lines);
            self.block(Face::Bold, INK, (x, 312.0 + value.size * 0.85), &value);
            x += MEASURE * share;
        }
    }

    fn stub(&mut self, sheet: &Sheet<'_>) {
        let ticket = sheet.ticket;
        let dash = Some(StrokeDash { array: vec![1.0, 5.0], offset: 0.0 });
        self.line(INK_2, ((MARGIN, STUB), (PAGE.0 - MARGIN, STUB)), 1.0, dash);
        let top = STUB + 19.0;
        match (words::why_not(ticket.status), sheet.code.as_deref().and_then(qr::of)) {
            (None, Some(qr)) => self.code(&qr, (MARGIN, top)),
            (refused, _) => {
                let (word, why) = refused.unwrap_or(("No code", "Show this page at the box office."));
                self.rect(ALARM, (MARGIN, top), (CODE, CODE));
                self.rect(WHITE, (MARGIN + 2.0, top + 2.0), (CODE - 4.0, CODE - 4.0));
                self.fitted(Face::Bold, ALARM, (MARGIN + 14.0, top + 62.0), word, (24.0, CODE - 28.0));
                let why = self.faces.fit(Face::Regular, why, &[10.0], CODE - 28.0, 4);
                self.block(Face::Regular, INK, (MARGIN + 14.0, top + 82.0), &why);
            }
        }
        let x = MARGIN + CODE + 24.0;
        let width = PAGE.0 - MARGIN - x;
        let facts =
            [("Ticket", words::kind(ticket)), ("Name", ticket.holder.clone()), ("Order", ticket.order_number.clone())];
        let mut y = top + 10.0;
        for (label, value) in facts {
            if value.trim().is_empty() {
                continue;
            }
            self.label(INK_2, (x, y), label, width);
            let value = self.faces.fit(Face::Bold, &value, &[14.0, 12.0, 10.5], width, 2);
            y = self.block(Face::Bold, INK, (x, y + 4.0 + value.size), &value) + 21.0;
        }
        let note = "Admits one person, once. A copy of the code admits nobody else.";
        let note = self.faces.fit(Face::Regular, note, &[7.5], MEASURE, 1);
        self.block(Face::Regular, INK_2, (MARGIN, PAGE.1 - 17.0), &note);
        let id = ticket.id.simple().to_string();
        let short = Block::line(id[id.len() - 12..].to_owned(), 7.5);
        let wide = self.faces.width(Face::Regular, &short.lines[0], 7.5);
        self.block(Face::Regular, INK_2, (PAGE.0 - MARGIN - wide, PAGE.1 - 17.0), &short);
    }

    /// The QR code as one path. Nothing stands nearer to it than its quiet zone.
    fn code(&mut self, qr: &qr::Qr, (left, top): (f32, f32)) {
        let module = CODE / qr.width as f32;
        let mut path = PathBuilder::new();
        for &(x, y, length) in &qr.runs {
            // A hair of overlap keeps viewers from showing light between the rows.
            let (x, y) = (left + x as f32 * module, top + y as f32 * module);
            if let Some(rect) = Rect::from_xywh(x, y, length as f32 * module, module * 1.02) {
                path.push_rect(rect);
            }
        }
        self.ink((0, 0, 0));
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample;
    use super::super::store::Status;
    use super::*;

    fn drawn(ticket: &Ticket) -> Vec<u8> {
        let code = (ticket.status == Status::Valid).then(|| "AISLE".repeat(36));
        draw("The Aisle Houses", &[Sheet { ticket, code }]).unwrap()
    }

    #[test]
    fn a_ticket_is_a_page_of_few_bytes_and_always_the_same() {
        let ticket = sample::ticket();
        let page = drawn(&ticket);
        assert!(page.starts_with(b"%PDF-"));
        assert!(page.len() < 60_000, "{} bytes: are the fonts still cut down?", page.len());
        assert_eq!(page, drawn(&ticket));
        let two =
            draw("House", &[Sheet { ticket: &ticket, code: None }, Sheet { ticket: &ticket, code: None }]).unwrap();
        assert!(two.len() > draw("House", &[Sheet { ticket: &ticket, code: None }]).unwrap().len());
        assert!(draw("House", &[]).is_ok());
    }

    /// Pages to be looked at: `AISLE_TEST_PAGES=folder cargo nextest run pages_to_look_at`.
    #[test]
    fn pages_to_look_at() {
        let long = Ticket {
            production: "The Extraordinarily Long and Winding Chronicle of Everything That Ever Happened on the Night \
                         Before the Opening, Told Backwards by an Understudy"
                .to_owned(),
            holder: "Wolfeschlegelsteinhausenbergerdorff-Vandersteenhoven-Montgomery de la Cruz y Fernandez".to_owned(),
            section: Some("Upper Circle Balcony Left Restricted View".to_owned()),
            row: Some("AAA".to_owned()),
            number: Some("1024".to_owned()),
            ..sample::ticket()
        };
        let area = Ticket {
            row: None,
            number: None,
            seat: None,
            area: Some("floor".to_owned()),
            section: Some("Standing".to_owned()),
            production: "Łódź 🎭 שלום Ωmega Привет".to_owned(),
            subtitle: String::new(),
            doors_at: None,
            ..sample::ticket()
        };
        let gone = Ticket { status: Status::Revoked, ..sample::ticket() };
        for (name, ticket) in [("usual", sample::ticket()), ("long", long), ("area", area), ("gone", gone)] {
            let page = drawn(&ticket);
            assert!(page.starts_with(b"%PDF-"), "{name}");
            if let Ok(folder) = std::env::var("AISLE_TEST_PAGES") {
                std::fs::write(format!("{folder}/{name}.pdf"), page).unwrap();
            }
        }
    }

    proptest! {
        // A page takes seconds without optimisation.
        #![proptest_config(ProptestConfig::with_cases(4))]
        #[test]
        fn nothing_that_people_are_called_stops_the_press(
            production in any::<String>(), holder in "\\PC{0,300}", section in any::<String>(),
            row in proptest::option::of(any::<String>()), zone in any::<String>(),
        ) {
            let ticket = Ticket {
                production, holder, section: Some(section), row, time_zone: zone, ..sample::ticket()
            };
            prop_assert!(drawn(&ticket).starts_with(b"%PDF-"));
        }
    }
}
