//! Where our dependencies come from, under which licences, and which of them must never be in the tree: `deny.toml`, read
//! against what cargo would build. cargo-deny reads the same file where it is installed (`make audit`).

use std::path::Path;
use std::process::Command;

use crate::none_of;

/// One package of the tree.
struct Package {
    name: String,
    version: String,
    license: String,
}

/// Everything that any of our crates, features of today, tests and build scripts bring in, on any system. What other systems need no
/// build has fetched; cargo does it here, once.
fn tree() -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--workspace", "--target", "all", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines.iter().filter_map(|line| package(line)).collect()
}

/// `name v1.2.3 (proc-macro)|LICENSE`.
fn package(line: &str) -> Option<Package> {
    let (named, license) = line.split_once('|')?;
    let mut words = named.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some(Package { name: name.to_owned(), version: version.to_owned(), license: license.to_owned() })
}

/// The quoted words of the list `name = [ … ]` in this section.
fn list(file: &str, section: &str, name: &str) -> Vec<String> {
    let section = file.split_once(&format!("[{section}]\n")).map_or("", |(_, rest)| rest);
    let section = section.split("\n[").next().unwrap();
    let list = section
        .split_once(&format!("{name} = ["))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether this package is meant by `name` or `name:<version`.
fn banned(ban: &str, package: &Package) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        version.split(['.', '-', '+']).take(3).map(|number| number.parse().unwrap_or(0)).collect()
    };
    match ban.split_once(":<") {
        None => package.name == ban,
        Some((name, below)) => package.name == name && numbers(&package.version) < numbers(below),
    }
}

/// Whether a licence's terms can be met with those that are allowed: of a choice one, of a sum all.
fn allowed(license: &str, allow: &[String]) -> bool {
    let license = license.replace('/', " OR ");
    let mut words =
        license.replace('(', " ( ").replace(')', " ) ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    words.reverse();
    !words.is_empty() && either(&mut words, allow) && words.is_empty()
}

fn either(words: &mut Vec<String>, allow: &[String]) -> bool {
    let mut met = both(words, allow);
    while words.last().is_some_and(|word| word == "OR") {
        words.pop();
        met |= both(words, allow);
    }
    met
}

fn both(words: &mut Vec<String>, allow: &[String]) -> bool {
    let mut met = one(words, allow);
    while words.last().is_some_and(|word| word == "AND") {
        words.pop();
        met &= one(words, allow);
    }
    met
}

fn one(words: &mut Vec<String>, allow: &[String]) -> bool {
    let Some(mut name) = words.pop() else { return false };
    if name == "(" {
        let met = either(words, allow);
        return words.pop().is_some_and(|word| word == ")") && met;
    }
    if words.last().is_some_and(|word| word == "WITH") {
        words.pop();
        name = format!("{name} WITH {}", words.pop().unwrap_or_default());
    }
    allow.contains(&name)
}

/// What is wrong with these packages.
fn complaints(deny: &str, packages: &[Package]) -> Vec<String> {
    let (bans, allow) = (list(deny, "bans", "deny"), list(deny, "licenses", "allow"));
    let mut complaints = Vec::new();
    for package in packages {
        let named = format!("{} {}", package.name, package.version);
        complaints
            .extend(bans.iter().filter(|ban| banned(ban, package)).map(|ban| format!("{named}: {ban:?} is banned")));
        if !allowed(&package.license, &allow) {
            complaints.push(format!("{named}: the licence {:?} is not among those that are allowed", package.license));
        }
    }
    complaints
}

/// Whatever a lock file names that does not come from the one registry.
fn sources(lock: &str) -> Vec<String> {
    let sources: Vec<_> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    let first = sources.iter().find(|source| source.starts_with("\"registry+")).copied().unwrap_or_default();
    sources.into_iter().filter(|source| *source != first).map(|source| format!("Cargo.lock: {source}")).collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn every_dependency_comes_from_the_registry_is_allowed_and_is_not_banned() {
    let deny = read("deny.toml");
    assert!(list(&deny, "bans", "deny").len() > 3 && list(&deny, "licenses", "allow").len() > 10);
    let packages = tree();
    assert!(packages.len() > 300, "only {} packages were found", packages.len());
    none_of(complaints(&deny, &packages));
    none_of(sources(&read("Cargo.lock")));
}

#[test]
fn a_planted_dependency_is_found() {
    let deny = read("deny.toml");
    let planted = |line: &str| complaints(&deny, &[package(line).unwrap()]).len();
    assert_eq!(planted("ring v0.17.14|ISC"), 1);
    assert_eq!(planted("h2 v0.4.15|MIT"), 1);
    assert_eq!(planted("h2 v0.3.99|MIT"), 1);
    assert_eq!(planted("h2 v0.4.16|MIT"), 0);
    for refused in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR GPL-3.0-only) AND AGPL-3.0-only", "(MIT"] {
        assert_eq!(planted(&format!("a v1.0.0|{refused}")), 1, "{refused}");
    }
    for taken in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0-only OR MIT",
        "(GPL-2.0 OR MIT) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert_eq!(planted(&format!("a v1.0.0 (proc-macro)|{taken}")), 0, "{taken}");
    }
    let lock = "source = \"registry+one\"\nsource = \"git+https://example.org/x#1\"\nsource = \"registry+two\"\n";
    assert_eq!(sources(lock).len(), 2);
}
