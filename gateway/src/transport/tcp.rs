//! Raw TCP, plain or under TLS: frames follow each other.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::session::Session;
use super::stream::Stream;
use super::{Services, accept_each, shake_hands};
use crate::connection::{Connection, Framing};
use crate::metrics::TransportKind;
use crate::stop::Stop;

/// Serves every connection to `listener`.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    services: Arc<Services>,
    stop: Stop,
) {
    let accept = |stream, peer| accepted(stream, peer, tls.as_ref(), &services, &stop);
    accept_each(listener, stop.clone(), accept).await;
}

fn accepted(
    socket: TcpStream,
    peer: SocketAddr,
    tls: Option<&TlsAcceptor>,
    services: &Arc<Services>,
    stop: &Stop,
) {
    let address = peer.ip();
    let place = match services.admission.admit(Some(address)) {
        Ok(place) => place,
        Err(limit) => return services.limit_hit(limit, address),
    };
    let open = services.metrics.opened(TransportKind::Tcp);
    let services = Arc::clone(services);
    let mut stop = stop.clone();
    match tls.cloned() {
        None => {
            let session = session(socket.into(), address, services);
            tokio::spawn(async move {
                session.run(stop).await;
                drop((open, place));
            });
        }
        // A task of its own kind, so that those of plain connections stay small.
        Some(acceptor) => {
            tokio::spawn(async move {
                // Boxed, so that its room is given back when it is done.
                let hands = Box::pin(shake_hands(
                    &acceptor, socket, address, &services, &mut stop,
                ));
                if let Some(stream) = hands.await {
                    session(stream.into(), address, services).run(stop).await;
                }
                drop((open, place));
            });
        }
    }
}

fn session(stream: Stream, address: IpAddr, services: Arc<Services>) -> Box<Session> {
    let core = Connection::new(Framing::Stream, &services.limits);
    Session::new(stream, core, address, services)
}
