//! CSV as others write it: RFC 4180, with either end of line, with or without a byte order mark.

use super::{BadFile, LINES_MAX};

/// A field is not longer, and a line has not more of them.
const FIELD_BYTES_MAX: usize = 10_000;
const FIELDS_MAX: usize = 300;

/// One record, and in which line of the file it begins.
pub(super) struct Record {
    pub line: usize,
    pub fields: Vec<String>,
}

/// Every record that says anything.
pub(super) fn records(text: &str) -> Result<Vec<Record>, BadFile> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = Vec::new();
    let (mut line, mut begins) = (1, 1);
    let (mut fields, mut field) = (Vec::new(), String::new());
    // Whether the field was quoted, and whether its quotes are still open.
    let (mut quoted, mut open) = (false, false);
    let mut letters = text.chars().peekable();
    loop {
        let letter = letters.next();
        match letter {
            Some('"') if open && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            Some('"') if open => open = false,
            Some(letter) if open => {
                line += usize::from(letter == '\n');
                field.push(letter);
            }
            None if open => return Err(BadFile::at(begins, "a quote is never closed")),
            Some('"') if field.is_empty() && !quoted => (quoted, open) = (true, true),
            Some('"') => return Err(BadFile::at(line, "a quote stands in the middle of a field")),
            Some(',') => {
                fields.push(std::mem::take(&mut field));
                quoted = false;
            }
            Some('\r') if letters.peek() == Some(&'\n') => {}
            Some('\n') | None => {
                fields.push(std::mem::take(&mut field));
                quoted = false;
                let record = std::mem::take(&mut fields);
                if record.iter().any(|field| !field.trim().is_empty()) {
                    records.push(Record { line: begins, fields: record });
                }
                // One more is the header.
                if records.len() > LINES_MAX + 1 {
                    return Err(BadFile::at(begins, format!("a file may have {LINES_MAX} lines")));
                }
                if letter.is_none() {
                    return Ok(records);
                }
                line += 1;
                begins = line;
            }
            Some(_) if quoted => return Err(BadFile::at(line, "something follows a closing quote")),
            Some(letter) => field.push(letter),
        }
        if field.len() > FIELD_BYTES_MAX || fields.len() > FIELDS_MAX {
            return Err(BadFile::at(begins, "the line is too long"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        records(text).unwrap().into_iter().map(|record| (record.line, record.fields)).collect()
    }

    #[test]
    fn records_know_their_line_also_where_fields_have_several() {
        let found = read("\u{feff}a,b\r\n\"x\ny\",\"say \"\"so\"\"\"\n\n,\nlast,");
        let expected: [(usize, [&str; 2]); 3] = [(1, ["a", "b"]), (2, ["x\ny", "say \"so\""]), (6, ["last", ""])];
        let expected: Vec<_> =
            expected.iter().map(|(line, fields)| (*line, fields.map(str::to_owned).to_vec())).collect();
        assert_eq!(found, expected);
        assert!(read("").is_empty());
    }

    #[test]
    fn what_is_no_csv_is_said_with_its_line() {
        let why = |text: &str| records(text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(why("a\nb\"c"), "line 2: a quote stands in the middle of a field");
        assert_eq!(why("a\n\"b"), "line 2: a quote is never closed");
        assert_eq!(why("\"a\"b"), "line 1: something follows a closing quote");
        assert!(why(&"x\n".repeat(LINES_MAX + 2)).contains("50000 lines"));
        assert!(why(&"x".repeat(FIELD_BYTES_MAX + 1)).contains("too long"));
    }
}
