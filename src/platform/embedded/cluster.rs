//! The data directory: whose it is, what is in it, how a cluster comes to be there.
//!
//! ```text
//! data_dir/lock           held by the one process that uses the directory; says its pid
//! data_dir/postgres/      the cluster
//! data_dir/postgres.new/  a cluster in the making; it gets its name only when it is whole
//! data_dir/socket/        where clients connect, unless the path is too long for a socket
//! data_dir/start.log      what Postgres said before its own log began, at the last start
//! ```
//!
//! The calls to the file system block, for microseconds, while nothing else runs yet.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::EmbeddedError;
use super::binaries::Binaries;

/// The database and its owner.
pub(super) const DATABASE: &str = "aisle";
pub(super) const USER: &str = "aisle";

/// Sorting by code point is the same on every machine and in every version of the C library, so an index stays valid when
/// the system is upgraded. Only Apple has no such locale with UTF-8.
const LOCALE: &str = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };

/// A data directory that this process, and no other, may use for as long as the value lives.
#[derive(Debug)]
pub(super) struct DataDir {
    root: PathBuf,
    cluster: PathBuf,
    /// Closed, and thereby unlocked, with the value. Children don't inherit it: Rust opens files close-on-exec.
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is missing, and locks it.
    pub(super) fn lock(wanted: &Path) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(wanted).map_err(EmbeddedError::io("could not make", wanted))?;
        let root = wanted.canonicalize().map_err(EmbeddedError::io("could not find", wanted))?;
        let path = root.join("lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(EmbeddedError::io("could not open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Only for the message: a file that can't be read tells no pid.
                let pid = lock.read_to_string(&mut pid).ok().and_then(|_| pid.trim().parse().ok());
                return Err(EmbeddedError::InUse { data_dir: root, pid });
            }
            Err(TryLockError::Error(source)) => {
                return Err(EmbeddedError::Io { what: "could not lock", path, source });
            }
        }
        write_pid(&mut lock).map_err(EmbeddedError::io("could not write", &path))?;
        Ok(Self { cluster: root.join("postgres"), root, _lock: lock })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn cluster(&self) -> &Path {
        &self.cluster
    }

    pub(super) fn has_cluster(&self) -> bool {
        self.cluster.join("PG_VERSION").is_file()
    }

    /// The major that made the cluster; none when there is no cluster yet.
    pub(super) fn major(&self) -> Result<Option<u32>, EmbeddedError> {
        if !self.has_cluster() {
            return Ok(None);
        }
        let path = self.cluster.join("PG_VERSION");
        let text = fs::read_to_string(&path).map_err(EmbeddedError::io("could not read", &path))?;
        let major = text.trim().parse().map_err(|_| EmbeddedError::Io {
            what: "there is no version in",
            path,
            source: std::io::ErrorKind::InvalidData.into(),
        })?;
        Ok(Some(major))
    }
}

fn write_pid(lock: &mut File) -> std::io::Result<()> {
    lock.rewind()?;
    lock.set_len(0)?;
    write!(lock, "{}", std::process::id())
}

/// The user that Postgres runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    uid: u32,
    /// Set when we are root and Postgres, which refuses to be, must run as somebody else.
    dropped: Option<Dropped>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Dropped {
    name: String,
    gid: u32,
}

impl Owner {
    /// Who it is for this directory. Root drops to the owner of the cluster, or for a new one to `postgres` or `nobody`.
    pub(super) async fn of(data_dir: &DataDir) -> Result<Self, EmbeddedError> {
        let ours = our_uid().await?;
        let cluster = data_dir.cluster();
        let theirs = fs::metadata(cluster).ok().map(|found| (found.uid(), found.gid()));
        match (ours, theirs) {
            (0, Some((uid, gid))) if uid != 0 => {
                Ok(Self { uid, dropped: Some(Dropped { name: format!("uid {uid}"), gid }) })
            }
            (0, _) => {
                let passwd =
                    fs::read_to_string("/etc/passwd").map_err(EmbeddedError::io("could not read", "/etc/passwd"))?;
                ["postgres", "nobody"].iter().find_map(|name| in_passwd(&passwd, name)).ok_or(EmbeddedError::NoUser)
            }
            (_, Some((owner, _))) if owner != ours => {
                Err(EmbeddedError::ForeignCluster { cluster: cluster.to_owned(), owner })
            }
            (_, _) => Ok(Self { uid: ours, dropped: None }),
        }
    }

    /// Is it the user who runs this process?
    pub(super) fn is_ourselves(&self) -> bool {
        self.dropped.is_none()
    }

    /// A command that will run as this user, with nothing to read, its words kept for the caller.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir("/");
        if let Some(Dropped { gid, .. }) = &self.dropped {
            command.uid(self.uid).gid(*gid);
        }
        command
    }

    /// Hands a path over to this user.
    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        match &self.dropped {
            None => Ok(()),
            Some(Dropped { gid, .. }) => {
                chown(path, Some(self.uid), Some(*gid)).map_err(EmbeddedError::io("could not hand over", path))
            }
        }
    }

    /// Makes a folder that only this user (and root) can enter, if it is missing; refuses one that others have a hand in.
    pub(super) fn private_dir(&self, dir: &Path) -> Result<(), EmbeddedError> {
        match fs::DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => return self.give(dir),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(EmbeddedError::Io { what: "could not make", path: dir.to_owned(), source }),
        }
        // A link or a folder that somebody else has put there first would hand them our socket.
        let found = fs::symlink_metadata(dir).map_err(EmbeddedError::io("could not look at", dir))?;
        if !found.is_dir() || found.uid() != self.uid {
            return Err(EmbeddedError::SocketDirNotOurs { dir: dir.to_owned() });
        }
        fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(EmbeddedError::io("could not close", dir))
    }

    /// Fails where the way to the data directory is closed to this user, and names the folder that closes it.
    pub(super) async fn must_enter(&self, data_dir: &DataDir) -> Result<(), EmbeddedError> {
        let Some(Dropped { name, .. }) = &self.dropped else { return Ok(()) };
        let mut way: Vec<&Path> = data_dir.root().ancestors().collect();
        way.reverse();
        for folder in way {
            let entered = self.command("/bin/sh").arg("-c").arg("cd \"$1\"").arg("sh").arg(folder).status().await;
            if !entered.is_ok_and(|status| status.success()) {
                return Err(EmbeddedError::NotEnterable { blocked: folder.to_owned(), user: name.clone() });
            }
        }
        Ok(())
    }
}

/// Std has no `geteuid`; `id` is on every system that has Postgres.
async fn our_uid() -> Result<u32, EmbeddedError> {
    let said = run(Command::new("id").arg("-u").stdin(Stdio::null()), "id").await?;
    said.trim().parse().map_err(|_| EmbeddedError::Program { program: "id", said })
}

fn in_passwd(passwd: &str, name: &str) -> Option<Owner> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Owner { uid, dropped: Some(Dropped { name: name.to_owned(), gid }) })
    })
}

/// Runs a program to its end; its words are the answer, or the reason.
pub(super) async fn run(command: &mut Command, program: &'static str) -> Result<String, EmbeddedError> {
    let failed = |said: String| EmbeddedError::Program { program, said };
    let output = command.output().await.map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(failed(format!("{} {}", said.trim(), complaint.trim()).trim().to_owned()))
}

/// Makes a cluster. A crash on the way leaves a folder under another name, which the next start throws away.
pub(super) async fn init(data_dir: &DataDir, owner: &Owner, binaries: &Binaries) -> Result<(), EmbeddedError> {
    let making = data_dir.root().join("postgres.new");
    if making.exists() {
        fs::remove_dir_all(&making).map_err(EmbeddedError::io("could not remove", &making))?;
    }
    fs::DirBuilder::new().mode(0o700).create(&making).map_err(EmbeddedError::io("could not make", &making))?;
    owner.give(&making)?;
    let mut initdb = owner.command(binaries.program("initdb"));
    initdb.arg("--pgdata").arg(&making);
    initdb.args(["--username", USER, "--encoding", "UTF8", "--locale", LOCALE, "--data-checksums"]);
    // Nobody but this user and root can reach the socket, and there is no other door.
    initdb.args(["--auth", "trust"]);
    run(&mut initdb, "initdb").await?;
    fs::rename(&making, data_dir.cluster()).map_err(EmbeddedError::io("could not rename", &making))?;
    // The new name is durable only when its folder is.
    let root = data_dir.root();
    File::open(root).and_then(|root| root.sync_all()).map_err(EmbeddedError::io("could not sync", root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:105:112:,,,:/:/bin/bash\n";
        let dropped = Some(Dropped { name: "postgres".to_owned(), gid: 112 });
        assert_eq!(in_passwd(passwd, "postgres"), Some(Owner { uid: 105, dropped }));
        assert_eq!(in_passwd(passwd, "nobody"), None);
        assert_eq!(in_passwd("postgres:x:many:1", "postgres"), None);
    }

    #[test]
    fn a_directory_is_locked_once_and_free_again_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::lock(dir.path()).unwrap();
        let refused = DataDir::lock(dir.path()).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(&format!("pid {}", std::process::id())), "{text}");
        assert_eq!(refused.exit_code(), 1);
        drop(first);
        DataDir::lock(dir.path()).unwrap();
    }
}
