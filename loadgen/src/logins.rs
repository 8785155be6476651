//! `bench logins`: how many password logins the gateway begins in a second, and what a flood of
//! them does to users who are connected.
//!
//! What is measured is the first step of a login, which is the gateway's work: limits, one OPAQUE
//! evaluation and key exchange, and the count of the try, on disk before the answer. The stretching
//! of the password is the client's, and is left out. Each connection comes from a loopback address
//! of its own and stays below the limits of addresses, names and unauthenticated connections, so
//! that everything is answered and nothing refused: the dearest flood that there is.

use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Args;
use rand_core::OsRng;
use sotto_shared::ClientId;
use sotto_shared::account::opaque::LoginStart as OpaqueLogin;
use sotto_shared::account::{AccountName, Slot};
use sotto_shared::classic::request::Send;
use sotto_shared::classic::{MessageKind, RequestBody};
use sotto_shared::limits::UNAUTHENTICATED_REQUESTS_MAX;
use sotto_shared::sotto::request::{ClientHello, LoginStart};
use sotto_shared::sotto::types::OpaqueMessage;
use sotto_shared::sotto::{Part, Request, Response, ResponseSplitter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};

use crate::clients::{self, request};
use crate::gateway::{Gateway, GatewayOptions};
use crate::percentiles::Samples;
use crate::report::{Report, number};
use crate::wire::{Link, Transport};

/// Connected users who send while the flood comes.
const USERS: usize = 16;
/// Pause of a user between an answer and the next message.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes of a user's message.
const CONTENT: usize = 256;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Connections that log in at the same time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: u32,

    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

pub(crate) async fn run(options: &GatewayOptions, bench: &Options) -> Result<Report> {
    let scratch = options.scratch_folder()?;
    let gateway = Gateway::start(options, &scratch.path().join("data")).await?;
    let time = Duration::from_secs(bench.seconds);
    let mut report = Report::new("bench logins");

    let users = clients::register(&gateway, "user", USERS).await?;
    let [calm_p50, calm_p99] = send(&gateway, &users, time).await?;

    let flood = Flood::start(&gateway, bench.connections)?;
    let before = gateway.processor_time()?;
    sleep(time).await;
    let alone = flood.count();
    let used = gateway.processor_time()?.saturating_sub(before);
    report.add("logins begun", number(alone) / time.as_secs_f64(), "/s");
    report.add(
        "gateway's processor time for each",
        used.as_secs_f64() * 1000.0 / number(alone.max(1)),
        "ms",
    );
    let [flood_p50, flood_p99] = send(&gateway, &users, time).await?;
    let beside = flood.stop().await?.saturating_sub(alone);
    report.add(
        "logins begun beside users",
        number(beside) / time.as_secs_f64(),
        "/s",
    );
    report.add("users' sends, calm: p50", calm_p50, "ms");
    report.add("users' sends, calm: p99", calm_p99, "ms");
    report.add("users' sends, in the flood: p50", flood_p50, "ms");
    report.add("users' sends, in the flood: p99", flood_p99, "ms");
    gateway.stop().await?;
    Ok(report)
}

/// Users send to each other, one message at a time; how long the answers take.
async fn send(gateway: &Gateway, users: &[ClientId], time: Duration) -> Result<[f64; 2]> {
    let end = Instant::now() + time;
    let to = gateway.tcp;
    let tasks: Vec<_> = users
        .iter()
        .zip(users.iter().cycle().skip(1))
        .map(|(from, addressee)| tokio::spawn(send_on(to, *from, *addressee, end)))
        .collect();
    let mut all = Samples::default();
    for task in tasks {
        all.append(task.await??);
    }
    Ok(all.millis_at([50.0, 99.0]))
}

async fn send_on(
    to: SocketAddr,
    from: ClientId,
    addressee: ClientId,
    end: Instant,
) -> Result<Samples> {
    let mut link = Link::open(Transport::Tcp, to).await?;
    let message = request(
        from,
        RequestBody::Send(Send {
            to: addressee,
            kind: MessageKind::TEXT,
            content: Bytes::from(vec![0x5a; CONTENT]),
        }),
    );
    let mut samples = Samples::default();
    while Instant::now() < end {
        let began = Instant::now();
        match link.ask(&message).await? {
            sotto_shared::classic::Response::Stored(_) => samples.add(began.elapsed()),
            other => bail!("a send was answered with {}", other.code()),
        }
        sleep(PAUSE).await;
    }
    Ok(samples)
}

/// Logins of strangers, one behind the other on each of many connections.
struct Flood {
    tasks: Vec<tokio::task::JoinHandle<Result<()>>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    begun: AtomicU64,
    connections: AtomicU32,
    stopped: AtomicBool,
}

impl Flood {
    fn start(gateway: &Gateway, connections: u32) -> Result<Self> {
        let (_, ke1) = OpaqueLogin::new(&mut OsRng, b"a guess at somebody's password")?;
        let ke1 = OpaqueMessage(ke1.into());
        let shared = Arc::new(Shared::default());
        let to = gateway.tcp;
        let tasks = (0..connections)
            .map(|_| tokio::spawn(guess(to, ke1.clone(), Arc::clone(&shared))))
            .collect();
        Ok(Self { tasks, shared })
    }

    fn count(&self) -> u64 {
        self.shared.begun.load(Ordering::Relaxed)
    }

    async fn stop(self) -> Result<u64> {
        self.shared.stopped.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok(self.shared.begun.load(Ordering::Relaxed))
    }
}

async fn guess(to: SocketAddr, ke1: OpaqueMessage, shared: Arc<Shared>) -> Result<()> {
    while !shared.stopped.load(Ordering::Relaxed) {
        let number = shared.connections.fetch_add(1, Ordering::Relaxed);
        let mut stranger = Stranger::connect(to, number).await?;
        let hello = Request::Hello(ClientHello {
            versions: vec![3],
            agent: "sotto-loadgen".to_owned(),
        });
        stranger.ask(&hello).await?;
        for guess in 1..UNAUTHENTICATED_REQUESTS_MAX {
            if shared.stopped.load(Ordering::Relaxed) {
                break;
            }
            let login = Request::LoginStart(LoginStart {
                name: AccountName::parse(&format!("stranger-{number}-{guess}"))?,
                slot: Slot::Password,
                request: ke1.clone(),
            });
            match stranger.ask(&login).await? {
                Response::LoginStarted(_) => {
                    shared.begun.fetch_add(1, Ordering::Relaxed);
                }
                other => bail!("a login was answered with {other:?}"),
            }
        }
    }
    Ok(())
}

/// A connection of version 3 from a loopback address of its own.
struct Stranger {
    stream: TcpStream,
    splitter: ResponseSplitter,
}

impl Stranger {
    async fn connect(to: SocketAddr, number: u32) -> Result<Self> {
        // 127.1.0.1 and on: 16 million addresses, of which a run needs some thousands.
        let host = u32::from(Ipv4Addr::new(127, 1, 0, 1)).saturating_add(number);
        let socket = TcpSocket::new_v4()?;
        socket
            .bind(SocketAddr::from((Ipv4Addr::from(host), 0)))
            .context("cannot bind a source address")?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            splitter: ResponseSplitter::default(),
        })
    }

    async fn ask(&mut self, request: &Request) -> Result<Response> {
        let frame = request.to_frame(ClientId::ZERO).to_bytes();
        self.stream.write_all(&frame).await?;
        let mut buffer = [0; 1024];
        loop {
            match self.splitter.next_part()? {
                Some(Part::Sotto(frame)) => return Ok(Response::decode(frame)?),
                Some(Part::Classic(_)) => bail!("the gateway answered in the classic dialect"),
                None => match self.stream.read(&mut buffer).await? {
                    0 => bail!("the gateway closed the connection"),
                    n => self.splitter.push(buffer.get(..n).unwrap_or_default()),
                },
            }
        }
    }
}
