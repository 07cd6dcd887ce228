//! Which Postgres to run. The major that made the cluster decides; among equals, the first place that has it.

use std::env;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::EmbeddedError;

/// A folder that holds `postgres`, `initdb` and `pg_ctl`, and the major they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// The binaries for this cluster: of its major if it has one already, else the first that are found.
    pub(super) async fn find(
        named: Option<&Path>,
        cluster_major: Option<u32>,
        cluster: &Path,
    ) -> Result<Self, EmbeddedError> {
        let mut found = Vec::new();
        for dir in candidates(named) {
            if let Some(major) = major_of(&dir).await {
                found.push(Self { dir, major });
            }
        }
        choose(found, cluster_major, cluster)
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn major(&self) -> u32 {
        self.major
    }
}

fn choose(found: Vec<Binaries>, cluster_major: Option<u32>, cluster: &Path) -> Result<Binaries, EmbeddedError> {
    let Some(major) = cluster_major else {
        return found.into_iter().next().ok_or(EmbeddedError::NoBinaries);
    };
    if let Some(right) = found.iter().find(|binaries| binaries.major == major) {
        return Ok(right.clone());
    }
    let found = found.into_iter().map(|binaries| (binaries.major, binaries.dir)).collect();
    Err(EmbeddedError::MissingMajor { cluster: cluster.to_owned(), major, found })
}

/// Folders to look into, best first.
fn candidates(named: Option<&Path>) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Some(named) = named {
        // The folder itself, an installation's root, or an unpacked npm package.
        dirs.extend(["", "bin", "native/bin", "package/native/bin"].map(|inner| named.join(inner)));
    }
    dirs.extend(versioned("/usr/lib/postgresql", "", "bin"));
    dirs.extend(versioned("/opt/homebrew/opt", "postgresql@", "bin"));
    dirs.extend(versioned("/usr/local/opt", "postgresql@", "bin"));
    if let Some(path) = env::var_os("PATH") {
        // A link in PATH leads to the real folder: Postgres finds its libraries beside itself.
        let linked = env::split_paths(&path).filter_map(|dir| dir.join("initdb").canonicalize().ok());
        dirs.extend(linked.filter_map(|initdb| initdb.parent().map(Path::to_owned)));
    }
    let complete = |dir: &PathBuf| ["postgres", "initdb", "pg_ctl"].iter().all(|name| dir.join(name).is_file());
    let mut kept: Vec<PathBuf> = Vec::new();
    for dir in dirs.into_iter().filter(complete) {
        if !kept.contains(&dir) {
            kept.push(dir);
        }
    }
    kept
}

/// `root/<prefix><major>/<inner>` for every major there is, newest first.
fn versioned(root: &str, prefix: &str, inner: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let mut majors: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join(inner)))
        })
        .collect();
    majors.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    majors.into_iter().map(|(_, dir)| dir).collect()
}

/// Asks the binary itself: a folder's name can lie, and a binary for another machine can't answer.
async fn major_of(dir: &Path) -> Option<u32> {
    let output = Command::new(dir.join("postgres")).arg("--version").output().await.ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is major 15; `18beta1` is 18.
fn parse_major(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(major: u32) -> Binaries {
        Binaries { dir: PathBuf::from(format!("/somewhere/{major}/bin")), major }
    }

    #[test]
    fn a_new_cluster_takes_the_first_and_an_old_one_its_own_major() {
        let found = || vec![binaries(17), binaries(15)];
        let cluster = Path::new("/data/postgres");
        assert_eq!(choose(found(), None, cluster).unwrap(), binaries(17));
        assert_eq!(choose(found(), Some(15), cluster).unwrap(), binaries(15));
        assert!(matches!(choose(Vec::new(), None, cluster), Err(EmbeddedError::NoBinaries)));
    }

    #[test]
    fn a_missing_major_names_the_package_and_the_way_up() {
        let refused = choose(vec![binaries(17)], Some(12), Path::new("/data/postgres")).unwrap_err();
        assert_eq!(refused.exit_code(), 3);
        let text = refused.to_string();
        for part in ["postgresql-12", "17 in /somewhere/17/bin", "pg_dump", "AISLE_PG_BIN", "/data/postgres"] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }

    #[test]
    fn a_version_is_read_as_the_programs_print_it() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("postgres (PostgreSQL) "), None);
        assert_eq!(parse_major("bash: not found"), None);
    }
}
