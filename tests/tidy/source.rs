//! The files of the tree, and just enough of Rust's grammar to see which paths a file names.

use std::fs;
use std::path::Path;

/// A text file of the tree; `path` is relative to the repository and written with `/`.
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

impl SourceFile {
    pub fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// Folders that are built, fetched or kept at run time.
const NOT_OURS: [&str; 8] = [".git", "target", "node_modules", "dist", "data", ".data", "coverage", "test-results"];

/// Every UTF-8 file of the repository.
pub fn tree() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(root, root, &mut files);
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "the walk did not find the repository");
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push(SourceFile { path, text });
        }
    }
}

/// Every path of two or more segments that the code names, `use` groups spelled out: `use crate::{a::b, c}` gives
/// `crate::a::b` and `crate::c`. Comments and string literals are left out.
pub fn paths_in(text: &str) -> Vec<String> {
    let code: Vec<char> = code_of(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        if is_ident(code[at]) && (at == 0 || !is_ident(code[at - 1])) {
            at = path_at(&code, at, "", &mut found);
        } else {
            at += 1;
        }
    }
    found.retain(|path| path.contains("::"));
    found
}

/// Reads one path that begins at `at`, and the group that may follow it; returns where reading goes on.
fn path_at(code: &[char], mut at: usize, prefix: &str, found: &mut Vec<String>) -> usize {
    let mut path = prefix.to_owned();
    loop {
        let begin = at;
        while at < code.len() && is_ident(code[at]) {
            at += 1;
        }
        if at > begin {
            if !path.is_empty() {
                path.push_str("::");
            }
            path.extend(&code[begin..at]);
        }
        if !code[at..].starts_with(&[':', ':']) {
            found.push(path);
            return at;
        }
        at += 2;
        if code.get(at) == Some(&'{') {
            return group_at(code, at + 1, &path, found);
        }
        if !code.get(at).is_some_and(|next| is_ident(*next)) {
            found.push(path);
            return at;
        }
    }
}

/// Reads `a::b, c}` after `prefix::{`.
fn group_at(code: &[char], mut at: usize, prefix: &str, found: &mut Vec<String>) -> usize {
    while at < code.len() && code[at] != '}' {
        at = if is_ident(code[at]) { path_at(code, at, prefix, found) } else { at + 1 };
    }
    at + 1
}

fn is_ident(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text without comments and string literals.
fn code_of(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut code = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            ('/', Some('*')) => {
                at += 2;
                while at + 1 < chars.len() && (chars[at], chars[at + 1]) != ('*', '/') {
                    at += 1;
                }
                at += 2;
            }
            ('"', _) => at = after_string(&chars, at),
            // A quoted quote: `'"'` opens no string.
            ('\'', Some('"')) => at += 3,
            ('\'', Some('\\')) => at += 4,
            (c, _) => {
                code.push(c);
                at += 1;
            }
        }
    }
    code
}

/// Where the code goes on after the string literal that opens at `at`, raw strings included.
fn after_string(chars: &[char], at: usize) -> usize {
    let hashes = chars[..at].iter().rev().take_while(|c| **c == '#').count();
    let raw = chars[..at - hashes].last() == Some(&'r');
    let mut end = at + 1;
    while end < chars.len() {
        if chars[end] == '\\' && !raw {
            end += 2;
            continue;
        }
        if chars[end] == '"' && (!raw || chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes)
        {
            return end + 1 + if raw { hashes } else { 0 };
        }
        end += 1;
    }
    chars.len()
}

#[test]
fn paths_are_read_from_code_and_not_from_what_is_said_about_it() {
    let text = r##"
        use crate::{catalog::store::{self, Row}, http};
        // crate::comment::one
        /* crate::comment::two */
        const A: &str = "crate::string::one \" crate::string::two";
        const B: &str = r#"crate::string::"three"#;
        const C: char = '"';
        fn f() -> sqlx::Result<()> { super::other::g::<crate::money::Money>() }
    "##;
    let found = paths_in(text);
    assert_eq!(
        found,
        [
            "crate::catalog::store::self",
            "crate::catalog::store::Row",
            "crate::http",
            "sqlx::Result",
            "super::other::g",
            "crate::money::Money",
        ]
    );
}
