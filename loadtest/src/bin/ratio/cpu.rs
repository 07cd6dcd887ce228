//! What processes have used of the processors: of the server, of its database, and of this generator.

use std::fs;

/// A tick of the kernel's accounts, in microseconds. It is 100 a second on every Linux that runs here.
const TICK_US: u64 = 10_000;

/// Microseconds of processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// By the server.
    pub server: u64,
    /// By its database, all its processes.
    pub postgres: u64,
    /// By this process.
    pub generator: u64,
}

impl Used {
    /// What was used since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            server: self.server.saturating_sub(before.server),
            postgres: self.postgres.saturating_sub(before.postgres),
            generator: self.generator.saturating_sub(before.generator),
        }
    }
}

/// Parent and ticks of a line of `/proc/N/stat`; the name in it may have any character.
fn parse(stat: &str) -> Option<(u32, u64)> {
    let rest = &stat[stat.rfind(')')? + 1..];
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    Some((u32::try_from(number(1)?).ok()?, number(11)? + number(12)?))
}

fn stat(pid: u32) -> Option<(u32, u64)> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// What has been used until now. A process that is not known counts nothing. A process of Postgres that has ended is lost to
/// the count, which is why only spans without ended connections say anything.
pub fn used(server: Option<u32>, postgres: Option<u32>) -> Used {
    let ticks = |pid: u32| stat(pid).map_or(0, |(_, ticks)| ticks);
    let of_postgres = postgres.map_or(0, |postmaster| {
        let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        let children = pids.filter_map(stat).filter(|(parent, _)| *parent == postmaster).map(|(_, ticks)| ticks);
        children.sum::<u64>() + ticks(postmaster)
    });
    Used {
        server: server.map_or(0, ticks) * TICK_US,
        postgres: of_postgres * TICK_US,
        generator: ticks(std::process::id()) * TICK_US,
    }
}

/// Resident bytes of a process.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_is_passed_over() {
        let stat = "7 (a ) (b) S 3 7 7 0 -1 4194304 1 2 3 4 50 25 0 0 20 0 1 0 100 0 0";
        assert_eq!(parse(stat), Some((3, 75)));
        assert_eq!(parse("7 (x"), None);
    }

    #[test]
    fn this_process_has_used_something_and_has_memory() {
        let me = std::process::id();
        assert!(resident(me).is_some_and(|bytes| bytes > 100_000));
        assert!(stat(me).is_some());
    }
}
