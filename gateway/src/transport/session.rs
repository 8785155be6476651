//! One socket and its [`Connection`]: bytes, jobs and time-outs, until it ends.

use core::time::Duration;
use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::Services;
use super::claims::Claim;
use super::jobs::Jobs;
use super::limits::Share;
use super::sessions::{Inbox, News};
use super::stream::{Received, Stream};
use crate::audit::Event;
use crate::connection::Connection;
use crate::metrics::LimitHit;
use crate::stop::Stop;

/// Bytes read at once.
const READ_SIZE: usize = 64 * 1024;
/// Progress that keeps a slow peer from being cut.
const PROGRESS: usize = 1024;
/// Bytes of each connection that are not counted as in flight.
pub(super) const FREE_BYTES: usize = 16 * 1024;
/// How long, and how many bytes, a closed connection's peer is listened to, so that what it still
/// sends does not destroy the last answer on its way.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

thread_local! {
    /// Bytes are read into the thread's buffer, so that idle connections need none.
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_SIZE]);
}

/// Why a session ends early.
enum Cut {
    Io,
    Limit(LimitHit),
    Stopped,
    /// What became of a request is not known.
    Lost,
}

impl From<io::Error> for Cut {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

pub(super) struct Session {
    stream: Stream,
    core: Connection,
    address: IpAddr,
    services: Arc<Services>,
    jobs: Jobs,
    claim: Option<Claim>,
    share: Share,
    /// What is pushed to the device, once there is one.
    inbox: Option<Inbox>,
    clock: Clock,
}

/// Since when the peer owes something.
struct Clock {
    /// The origin of the connection's clock.
    begin: Instant,
    /// The last bytes in either direction.
    active: Instant,
    /// Inside a frame: its last progress.
    reading: Option<Instant>,
    read: usize,
    /// With output waiting: its last progress.
    writing: Option<Instant>,
    written: usize,
}

impl Session {
    pub(super) fn new(
        stream: Stream,
        core: Connection,
        address: IpAddr,
        services: Arc<Services>,
    ) -> Box<Self> {
        // Boxed, since every await of a future that holds it by value would make room for a copy.
        Box::new(Self {
            stream,
            core,
            address,
            jobs: Jobs::new(),
            claim: None,
            share: Share::new(&services.budget),
            services,
            inbox: None,
            clock: Clock {
                begin: Instant::now(),
                active: Instant::now(),
                reading: None,
                read: 0,
                writing: None,
                written: 0,
            },
        })
    }

    /// Serves until the peer leaves, a limit cuts it, or the gateway stops.
    pub(super) async fn run(mut self: Box<Self>, mut stop: Stop) {
        let result = self.serve(&mut stop).await;
        self.tally();
        self.jobs.end();
        self.inbox = None;
        match result {
            Ok(()) => {
                if self.core.is_broken() {
                    self.services.event(Event::BrokenFrame, self.address);
                }
                self.linger(&mut stop).await;
            }
            Err(Cut::Limit(limit)) => self.services.limit_hit(limit, self.address),
            Err(Cut::Io | Cut::Stopped | Cut::Lost) => {}
        }
    }

    async fn serve(&mut self, stop: &mut Stop) -> Result<(), Cut> {
        let mut stopping = false;
        let early = self.stream.take_early(|bytes| self.core.receive(bytes))?;
        self.received(early);
        loop {
            self.turn(stop)?;
            if self.core.is_finished() {
                return Ok(());
            }
            let wants_output = !self.core.output().is_empty();
            let wants_input = self.core.wants_input();
            let deadline = self.deadline();
            tokio::select! {
                biased;
                news = next_news(&mut self.inbox) => match news {
                    Some(News::Push(push)) => self.core.push(&push),
                    Some(News::Mail) => self.core.mail(),
                    None => {}
                },
                done = self.jobs.next_done() => {
                    self.core.advance(self.clock.begin.elapsed());
                    let Self { core, jobs, claim, share, inbox, .. } = self;
                    if !done.give(core, jobs, claim, share, inbox) {
                        return Err(Cut::Lost);
                    }
                }
                ready = self.stream.ready(wants_input, wants_output) => {
                    if ready? && wants_input {
                        self.read()?;
                    }
                }
                () = stop_order(stop, stopping) => {
                    if stopping {
                        return Err(Cut::Stopped);
                    }
                    stopping = true;
                    self.core.stop();
                }
                () = sleep_until(deadline.map(|(at, _)| at)) => {
                    if let Some((at, limit)) = deadline
                        && Instant::now() >= at
                    {
                        return Err(Cut::Limit(limit));
                    }
                }
            }
        }
    }

    /// Everything that can be done without waiting.
    fn turn(&mut self, stop: &Stop) -> Result<(), Cut> {
        // What was written can make room for the next request, and that for more output.
        loop {
            self.jobs
                .submit(&mut self.core, &self.services, self.address, stop);
            if !self.write()? {
                break;
            }
        }
        if !self.core.holds_mailbox() {
            self.claim = None;
        }
        self.tally();
        let counted = self.core.held_bytes().saturating_sub(FREE_BYTES);
        if !self.share.resize(counted, false) {
            self.share.resize(counted, true);
            if self.core.is_mid_frame() && self.jobs.is_empty() {
                return Err(Cut::Limit(LimitHit::InFlight));
            }
        }
        let now = Instant::now();
        let clock = &mut self.clock;
        if !self.core.is_mid_frame() {
            clock.reading = None;
        } else if clock.reading.is_none() || clock.read >= PROGRESS {
            clock.reading = Some(now);
            clock.read = 0;
        }
        if self.core.output().is_empty() {
            clock.writing = None;
        } else if clock.writing.is_none() || clock.written >= PROGRESS {
            clock.writing = Some(now);
            clock.written = 0;
        }
        Ok(())
    }

    /// Writes as much as the network takes; whether it took anything.
    fn write(&mut self) -> Result<bool, Cut> {
        let mut wrote = false;
        self.stream.try_flush()?;
        while !self.core.output().is_empty() {
            match self.stream.try_write(self.core.output()) {
                Ok(0) => return Err(Cut::Io),
                Ok(n) => {
                    self.core.wrote(n);
                    self.clock.written += n;
                    self.clock.active = Instant::now();
                    self.services.metrics.sent.add(to_u64(n));
                    wrote = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(wrote)
    }

    /// Reads once.
    fn read(&mut self) -> Result<(), Cut> {
        self.core.advance(self.clock.begin.elapsed());
        let Self { stream, core, .. } = self;
        let read = READ_BUFFER
            .with_borrow_mut(|buffer| stream.try_read(buffer, |bytes| core.receive(bytes)));
        match read {
            Ok(received) => self.received(received),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn tally(&mut self) {
        if let Some(tally) = self.core.take_tally() {
            self.services.metrics.add_tally(&tally);
        }
        if let Some(tally) = self.core.take_sotto_tally() {
            self.services.metrics.add_sotto_tally(&tally);
        }
    }

    fn received(&mut self, received: Received) {
        if received.wire > 0 || received.plain > 0 {
            self.clock.read += received.wire;
            self.clock.active = Instant::now();
            self.services.metrics.received.add(to_u64(received.plain));
        }
        if received.is_end {
            self.core.receive_end();
        }
    }

    /// When the peer will have waited for too long, and what for.
    fn deadline(&self) -> Option<(Instant, LimitHit)> {
        let limits = &self.services.limits;
        let write = |since: Instant| (since + limits.write_stall, LimitHit::WriteStall);
        let read = |since: Instant| (since + limits.read_stall, LimitHit::ReadStall);
        let due = self.core.authentication_due();
        let due = due.map(|due| (self.clock.begin + due, LimitHit::Unauthenticated));
        let owed = match (self.clock.writing.map(write), self.clock.reading.map(read)) {
            (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
            (a, b) => a.or(b),
        };
        let owed = match (owed, due) {
            (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
            (a, b) => a.or(b),
        };
        owed.or_else(|| {
            let is_idle = self.jobs.is_empty() && !limits.idle.is_zero();
            is_idle.then(|| (self.clock.active + limits.idle, LimitHit::Idle))
        })
    }

    /// Closes such that the last answer arrives.
    async fn linger(&mut self, stop: &mut Stop) {
        drop(self.claim.take());
        let close = async {
            if self.stream.shutdown().await.is_err() {
                return;
            }
            let socket = self.stream.socket();
            let mut left = LINGER_BYTES;
            while left > 0 && socket.readable().await.is_ok() {
                let read = READ_BUFFER.with_borrow_mut(|buffer| socket.try_read(buffer));
                match read {
                    Ok(0) => return,
                    Ok(n) => left = left.saturating_sub(n),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(LINGER, close) => {}
            () = stop.ended() => {}
        }
    }
}

/// Waits for the order to stop, and after that for the order to end.
async fn stop_order(stop: &mut Stop, is_stopping: bool) {
    if is_stopping {
        stop.ended().await;
    } else {
        stop.draining().await;
    }
}

/// Waits for what comes next; for ever without a device.
async fn next_news(inbox: &mut Option<Inbox>) -> Option<News> {
    let Some(open) = inbox else {
        return core::future::pending().await;
    };
    let news = open.next().await;
    if news.is_none() {
        *inbox = None;
    }
    news
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => core::future::pending().await,
    }
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
