//! The server process: started, found, watched, started again, stopped.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::binaries::Binaries;
use super::cluster::{self, DATABASE, DataDir, Owner, USER};
use super::{EmbeddedConfig, EmbeddedError, POLL};

/// The kernel keeps 104 or 108 bytes for a socket's path, its closing zero included.
const SOCKET_PATH_BYTES_MAX: usize = 103;
/// The name of a socket, not a TCP port: we listen on none.
const PORT: u16 = 5432;
/// How often a start is repeated while the processes of a killed predecessor may be dying still: twelve seconds in all.
const PREDECESSOR_TRIES: u32 = 60;
const PREDECESSOR_PAUSE: Duration = Duration::from_millis(200);
const RESTART_PAUSE_FIRST: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(5);
/// How often an adopted server, which is nobody's child here, is asked whether it still listens.
const ADOPTED_POLL: Duration = Duration::from_millis(250);
/// What of the server's words goes into an error.
const SAID_BYTES_MAX: usize = 2_000;

/// Where the server listens: a folder that only its owner can enter.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    dir: PathBuf,
    port: u16,
}

impl Socket {
    /// The socket that a server has written down.
    pub(super) fn at(dir: PathBuf, port: u16) -> Self {
        Self { dir, port }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(&self.dir).port(self.port).username(USER).database(database)
    }

    fn path(&self) -> PathBuf {
        self.dir.join(format!(".s.PGSQL.{}", self.port))
    }

    fn fits(&self) -> bool {
        self.path().as_os_str().len() <= SOCKET_PATH_BYTES_MAX
    }

    /// In the data directory if its path is short enough, else in a folder of its own whose name follows from the
    /// directory's identity, so that the next start finds the same.
    fn choose(data_dir: &DataDir, owner: &Owner) -> Result<Self, EmbeddedError> {
        let beside = Self { dir: data_dir.root().join("socket"), port: PORT };
        if beside.fits() {
            return Ok(beside);
        }
        let root = data_dir.root();
        let identity = fs::metadata(root).map_err(EmbeddedError::io("could not look at", root))?;
        let name = format!("aisle-{:x}-{:x}", identity.dev(), identity.ino());
        let runtime_dir = env::var_os("XDG_RUNTIME_DIR").filter(|_| owner.is_ourselves()).map(PathBuf::from);
        let elsewhere = |parent: PathBuf| Self { dir: parent.join(&name), port: PORT };
        let chosen = runtime_dir.filter(|dir| dir.is_dir()).map(elsewhere).filter(Self::fits);
        Ok(chosen.unwrap_or_else(|| elsewhere(PathBuf::from("/tmp"))))
    }
}

/// A server on a locked data directory.
#[derive(Debug)]
pub(super) struct Server {
    connections_max: u16,
    start_timeout_s: u64,
    stop_timeout_s: u64,
    data_dir: DataDir,
    owner: Owner,
    binaries: Binaries,
    socket: Socket,
    /// None: not running, or adopted and therefore not our child.
    child: Option<Child>,
}

/// What became of an attempt to talk to the server.
enum Heard {
    /// It is ours and takes queries.
    Ready,
    /// Somebody listens, but it is too early, or it is already stopping.
    NotYet(String),
    /// Nobody listens, or somebody else does.
    Nobody,
}

impl Server {
    pub(super) fn new(
        config: &EmbeddedConfig,
        data_dir: DataDir,
        owner: Owner,
        binaries: Binaries,
    ) -> Result<Self, EmbeddedError> {
        let socket = Socket::choose(&data_dir, &owner)?;
        Ok(Self {
            connections_max: config.connections_max,
            start_timeout_s: config.start_timeout_s,
            stop_timeout_s: config.stop_timeout_s,
            data_dir,
            owner,
            binaries,
            socket,
            child: None,
        })
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(super) fn major(&self) -> u32 {
        self.binaries.major()
    }

    /// Adopts the server that runs on our cluster, or starts one; returns when it answers. True: adopted.
    pub(super) async fn adopt_or_start(&mut self) -> Result<bool, EmbeddedError> {
        let mut tries_left = PREDECESSOR_TRIES;
        loop {
            // A server that was stopped properly leaves no such file. With it, processes of a killed predecessor may be
            // dying still, or its server not be listening yet: then ours ends at once, and trying again is right.
            let unclean = self.pid_file().exists();
            if self.adopt().await? {
                return Ok(true);
            }
            match self.start_child().await {
                Ok(()) => return Ok(false),
                Err(EmbeddedError::StartFailed { .. }) if unclean && tries_left > 0 => tries_left -= 1,
                Err(why) => return Err(why),
            }
            sleep(PREDECESSOR_PAUSE).await;
        }
    }

    /// Looks whether the server that the cluster's `postmaster.pid` tells of is there, and takes queries.
    async fn adopt(&mut self) -> Result<bool, EmbeddedError> {
        let Some(left) = self.left_behind() else { return Ok(false) };
        let ready = async {
            loop {
                match self.hear(&left).await {
                    Heard::Ready => return true,
                    Heard::NotYet(said) => tracing::debug!(said, "A Postgres that was left running is not ready yet"),
                    Heard::Nobody => return false,
                }
                sleep(POLL).await;
            }
        };
        match timeout(Duration::from_secs(self.start_timeout_s), ready).await {
            Ok(true) => {
                self.socket = left;
                self.child = None;
                Ok(true)
            }
            Ok(false) => self.forget_reused_pid().map(|()| false),
            Err(_) => Err(EmbeddedError::StartTimeout { seconds: self.start_timeout_s, said: self.said() }),
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.data_dir.cluster().join("postmaster.pid")
    }

    /// Where the server of `postmaster.pid` listens: its fourth line is the port, its fifth the socket's folder.
    fn left_behind(&self) -> Option<Socket> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        let mut lines = text.lines().skip(3);
        let port = lines.next()?.trim().parse().ok()?;
        let dir = lines.next().filter(|dir| !dir.is_empty())?;
        Some(Socket { dir: PathBuf::from(dir), port })
    }

    /// Postgres takes any living process of its own user with the recorded number for its predecessor. In a container,
    /// where numbers start again from one, that is somebody else; where `/proc` proves it, the file goes.
    fn forget_reused_pid(&self) -> Result<(), EmbeddedError> {
        let path = self.pid_file();
        let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
        let pid = text.lines().next().unwrap_or_default().trim();
        match fs::read_to_string(Path::new("/proc").join(pid).join("comm")) {
            Ok(program) if program.trim() != "postgres" => {
                tracing::warn!(
                    pid,
                    program = program.trim(),
                    "The pid of a lost Postgres was given to another program"
                );
                fs::remove_file(&path).map_err(EmbeddedError::io("could not remove", &path))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn start_child(&mut self) -> Result<(), EmbeddedError> {
        self.owner.private_dir(self.socket.dir())?;
        let log = File::create(self.start_log()).map_err(EmbeddedError::io("could not write", self.start_log()))?;
        let log_too = log.try_clone().map_err(EmbeddedError::io("could not write", self.start_log()))?;
        let mut postgres = self.owner.command(self.binaries.program("postgres"));
        postgres.arg("-D").arg(self.data_dir.cluster());
        for setting in self.settings() {
            postgres.arg("-c").arg(setting);
        }
        // A process group of its own: Ctrl-C in a terminal is for us, and we stop the server when nobody needs it any more.
        postgres.stdout(Stdio::from(log)).stderr(Stdio::from(log_too)).process_group(0);
        let child = postgres.spawn().map_err(EmbeddedError::io("could not run", self.binaries.program("postgres")))?;
        self.child = Some(child);
        match timeout(Duration::from_secs(self.start_timeout_s), self.answers()).await {
            Ok(answered) => answered,
            Err(_) => Err(EmbeddedError::StartTimeout { seconds: self.start_timeout_s, said: self.said() }),
        }
    }

    fn settings(&self) -> Vec<String> {
        let socket_dir = self.socket.dir().display();
        let mut settings: Vec<String> = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            // What we promise rests on these. They are Postgres's defaults; here they can't be changed by a file.
            "fsync=on",
            "full_page_writes=on",
            "synchronous_commit=on",
            // Parallel plans are what fills /dev/shm, which has 64 MB in a container; our queries are too short for them,
            // and for the compiler.
            "max_parallel_workers_per_gather=0",
            "max_parallel_maintenance_workers=0",
            "jit=off",
            "timezone=UTC",
            "log_timezone=UTC",
            // One file a weekday, overwritten a week later.
            "logging_collector=on",
            "log_directory=log",
            "log_filename=postgres-%a.log",
            "log_truncate_on_rotation=on",
            "log_rotation_age=1d",
            "log_rotation_size=0",
            "log_checkpoints=off",
        ]
        .map(str::to_owned)
        .to_vec();
        settings.push(format!("unix_socket_directories={socket_dir}"));
        settings.push(format!("port={}", self.socket.port));
        settings.push(format!("max_connections={}", self.connections_max));
        settings
    }

    /// Waits until our child takes queries.
    async fn answers(&mut self) -> Result<(), EmbeddedError> {
        loop {
            if let Heard::Ready = self.hear(&self.socket).await {
                return Ok(());
            }
            let ended = match &mut self.child {
                Some(child) => child.try_wait().ok().flatten().is_some(),
                None => true,
            };
            if ended {
                self.child = None;
                return Err(EmbeddedError::StartFailed { said: self.said() });
            }
            sleep(POLL).await;
        }
    }

    /// Asks the server at this socket whether it is the one of our cluster, and ready.
    async fn hear(&self, socket: &Socket) -> Heard {
        if UnixStream::connect(socket.path()).await.is_err() {
            return Heard::Nobody;
        }
        let asked = async {
            let mut connection = PgConnection::connect_with(&socket.connect_options("postgres")).await?;
            let dir: String = sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok::<_, sqlx::Error>(dir)
        };
        match asked.await {
            Ok(dir) if Path::new(&dir) == self.data_dir.cluster() => Heard::Ready,
            Ok(_) => Heard::Nobody,
            Err(error) => Heard::NotYet(error.to_string()),
        }
    }

    /// Makes our database in a new cluster.
    pub(super) async fn create_database(&self) -> Result<(), EmbeddedError> {
        let made = async {
            let mut connection = PgConnection::connect_with(&self.socket.connect_options("postgres")).await?;
            let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(DATABASE)
                .fetch_one(&mut connection)
                .await?;
            if !there {
                sqlx::query("create database aisle").execute(&mut connection).await?;
            }
            connection.close().await
        };
        made.await.map_err(|source| EmbeddedError::Database { source })
    }

    /// Keeps the server running until asked to stop, and then stops it. Ends without stopping when nobody can ask any more.
    pub(super) async fn supervise(mut self, mut stop_asked: watch::Receiver<bool>) -> Result<(), EmbeddedError> {
        loop {
            tokio::select! {
                asked = stop_asked.changed() => match asked {
                    Ok(()) => return self.stop().await,
                    Err(_) => return Ok(()),
                },
                () = self.ended() => {}
            }
            tracing::warn!(path = %self.data_dir.cluster().display(), "Postgres has ended; starting it again");
            let mut pause = RESTART_PAUSE_FIRST;
            loop {
                let again = async {
                    sleep(pause).await;
                    self.adopt_or_start().await
                };
                tokio::select! {
                    asked = stop_asked.changed() => match asked {
                        Ok(()) => return self.stop().await,
                        Err(_) => return Ok(()),
                    },
                    started = again => match started {
                        Ok(_) => break,
                        // A full disk is such a failure: requests are answered with errors until there is room again.
                        Err(error) => tracing::error!(error = %error, "Postgres could not be started; trying again"),
                    },
                }
                pause = (pause * 2).min(RESTART_PAUSE_MAX);
            }
            tracing::info!("Postgres answers again");
        }
    }

    /// Waits for the end of the server, whosever child it is.
    async fn ended(&mut self) {
        if let Some(child) = &mut self.child {
            // An error would mean that it has been waited for already.
            let _ = child.wait().await;
            self.child = None;
            return;
        }
        while UnixStream::connect(self.socket.path()).await.is_ok() {
            sleep(ADOPTED_POLL).await;
        }
    }

    async fn stop(&mut self) -> Result<(), EmbeddedError> {
        for mode in ["fast", "immediate"] {
            if !self.pid_file().exists() {
                break;
            }
            let mut pg_ctl = self.owner.command(self.binaries.program("pg_ctl"));
            pg_ctl.arg("--pgdata").arg(self.data_dir.cluster()).args(["--silent", "--wait", "--mode", mode]);
            pg_ctl.arg("--timeout").arg(self.stop_timeout_s.to_string()).arg("stop");
            match cluster::run(&mut pg_ctl, "pg_ctl").await {
                Ok(_) => break,
                // It may have ended by itself meanwhile.
                Err(error) if self.pid_file().exists() && UnixStream::connect(self.socket.path()).await.is_ok() => {
                    tracing::warn!(error = %error, mode, "Postgres could not be stopped");
                    if mode == "immediate" {
                        return Err(error);
                    }
                }
                Err(_) => break,
            }
        }
        if let Some(mut child) = self.child.take() {
            let _ = timeout(Duration::from_secs(self.stop_timeout_s), child.wait()).await;
        }
        tracing::info!("Embedded Postgres has stopped");
        Ok(())
    }

    fn start_log(&self) -> PathBuf {
        self.data_dir.root().join("start.log")
    }

    /// The end of what the server said at its last start.
    fn said(&self) -> String {
        let said = fs::read_to_string(self.start_log()).unwrap_or_default();
        let begin = said.len().saturating_sub(SAID_BYTES_MAX);
        let begin = (begin..=said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(said.len());
        format!("{} (more in {})", said[begin..].trim(), self.data_dir.cluster().join("log").display())
    }
}
