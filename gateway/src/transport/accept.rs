//! Accepting connections, as long as the gateway runs.

use core::time::Duration;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

use crate::stop::Stop;

/// Pause after an accept that failed, as when the process has no file descriptor left.
const PAUSE: Duration = Duration::from_millis(50);
/// Silence after which the system asks whether the peer is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(300);

/// Gives every new connection to `serve`, until the gateway stops.
pub(crate) async fn accept_each(
    listener: TcpListener,
    mut stop: Stop,
    serve: impl Fn(TcpStream, SocketAddr),
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.draining() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                prepare(&stream);
                serve(stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Options that are better set, and harmless if they cannot be.
fn prepare(stream: &TcpStream) {
    drop(stream.set_nodelay(true));
    let keep_alive = socket2::TcpKeepalive::new().with_time(KEEP_ALIVE);
    drop(socket2::SockRef::from(stream).set_tcp_keepalive(&keep_alive));
}
