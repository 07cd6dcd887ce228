//! What must never be in the tree: files past their length, paths of one machine, unfinished marks, tests switched off.

use crate::none_of;
use crate::source::{SourceFile, tree};

/// A longer file is more than one room; it is split by what its parts know.
const LINES_MAX: usize = 500;

const CODE: [&str; 6] = [".rs", ".ts", ".tsx", ".js", ".mjs", ".css"];

fn is_code(file: &SourceFile) -> bool {
    CODE.iter().any(|ending| file.path.ends_with(ending)) && !file.path.contains(".gen.")
}

fn too_long(files: &[SourceFile]) -> Vec<String> {
    let long = files.iter().filter(|file| is_code(file)).map(|file| (file, file.text.lines().count()));
    long.filter(|(_, lines)| *lines > LINES_MAX).map(|(file, lines)| format!("{}: {lines} lines", file.path)).collect()
}

/// Words that must not be in the tree. Each is put together here, so that this file does not hold it.
fn banned() -> Vec<(String, &'static str)> {
    let word = |parts: &[&str]| parts.concat();
    vec![
        (word(&["/wo", "rk/"]), "a path of one machine"),
        (word(&["/ro", "ot/"]), "a path of one machine"),
        (word(&["/ho", "me/"]), "a path of one machine"),
        (word(&["/Us", "ers/"]), "a path of one machine"),
        (word(&["TO", "DO"]), "an unfinished mark"),
        (word(&["FIX", "ME"]), "an unfinished mark"),
        (word(&["XX", "X"]), "an unfinished mark"),
        (word(&["HA", "CK"]), "an unfinished mark"),
        (word(&["#[ign", "ore"]), "a test that is switched off"),
        (word(&["it.sk", "ip("]), "a test that is switched off"),
        (word(&["test.sk", "ip("]), "a test that is switched off"),
        (word(&["describe.sk", "ip("]), "a test that is switched off"),
        (word(&["it.on", "ly("]), "a test that switches others off"),
        (word(&["test.on", "ly("]), "a test that switches others off"),
        (word(&["registry.npm", "js"]), "the host of a package registry"),
        (word(&["pypi", ".org"]), "the host of a package registry"),
        (word(&["deb.deb", "ian"]), "the host of a package registry"),
        (word(&["\"resolved\": \"ht", "tp"]), "a download address in a lock file"),
    ]
}

fn has_banned(files: &[SourceFile]) -> Vec<String> {
    let banned = banned();
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock" && !file.path.contains(".gen.")) {
        for (number, line) in file.text.lines().enumerate() {
            for (word, why) in &banned {
                if stands_alone(line, word) {
                    complaints.push(format!("{}:{}: {word}: {why}", file.path, number + 1));
                }
            }
        }
    }
    complaints
}

/// Is the word there by itself, and not as the middle of a longer one or of a longer path?
fn stands_alone(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let open_end = !word.ends_with(char::is_alphanumeric) || word.contains('.');
        !before.is_some_and(joins) && (open_end || !after.is_some_and(joins))
    })
}

#[test]
fn no_file_is_longer_than_one_room() {
    none_of(too_long(&tree()));
}

#[test]
fn nothing_is_in_the_tree_that_must_not_be() {
    none_of(has_banned(&tree()));
}

#[test]
fn a_planted_long_file_is_found() {
    let lines = |n: usize| "x\n".repeat(n);
    assert_eq!(too_long(&[SourceFile::planted("src/http/mod.rs", &lines(LINES_MAX + 1))]).len(), 1);
    assert_eq!(too_long(&[SourceFile::planted("frontend/src/App.tsx", &lines(LINES_MAX + 1))]).len(), 1);
    none_of(too_long(&[
        SourceFile::planted("src/http/mod.rs", &lines(LINES_MAX)),
        SourceFile::planted("frontend/src/api/schema.gen.ts", &lines(LINES_MAX + 1)),
        SourceFile::planted("docs/API.md", &lines(LINES_MAX + 1)),
    ]));
}

#[test]
fn a_planted_word_is_found() {
    for (word, why) in banned() {
        let line = format!("let x = 1; // {word} later");
        assert_eq!(has_banned(&[SourceFile::planted("src/lib.rs", &line)]).len(), 1, "{word}: {why}");
    }
    let innocent = format!("mastodons, frontend{}board.ts, {}S", ["/wo", "rk/"].concat(), ["TO", "DO"].concat());
    none_of(has_banned(&[SourceFile::planted("src/lib.rs", &innocent)]));
}
