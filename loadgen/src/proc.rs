//! What Linux says about a process.

use core::time::Duration;

use anyhow::{Context, Result};

/// Ticks a second in `/proc/PID/stat`; on Linux always these.
const TICKS_PER_SECOND: f64 = 100.0;

/// Bytes of a process that are in memory (`VmRSS`).
pub(crate) fn resident_bytes(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    field_kib(&status, "VmRSS:")
        .map(|kib| kib * 1024)
        .with_context(|| format!("{path} has no VmRSS"))
}

fn field_kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time that a process has used.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = ticks(&stat).with_context(|| format!("{path} is not as expected"))?;
    Ok(Duration::from_secs_f64(
        crate::report::number(ticks) / TICKS_PER_SECOND,
    ))
}

/// Fields 14 and 15. The name in field 2 may hold spaces, and ends with the last parenthesis.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Allows this process and those that it starts as many open files as the system lets it.
pub(crate) fn raise_open_files(needed: u64) -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    // Root may raise the hard limit as well; others get what it allows.
    let raised = Rlimit {
        current: Some(needed),
        maximum: limit.maximum.map(|maximum| maximum.max(needed)),
    };
    setrlimit(Resource::Nofile, raised).with_context(|| {
        format!("{needed} open files are needed; allow them with `ulimit -n {needed}`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found() {
        assert_eq!(
            field_kib("VmHWM:\t 9 kB\nVmRSS:\t   5120 kB\n", "VmRSS:"),
            Some(5120)
        );
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0";
        assert_eq!(ticks(stat), Some(300));
    }

    #[test]
    fn this_process_has_memory() {
        assert!(resident_bytes(std::process::id()).unwrap() > 100_000);
        processor_time(std::process::id()).unwrap();
    }
}
