//! Raw TCP: frames follow each other.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};

use super::session::Session;
use super::{Services, accept_each};
use crate::connection::{Connection, Framing};
use crate::metrics::TransportKind;
use crate::stop::Stop;

/// Serves every connection to `listener`.
pub(crate) async fn serve(listener: TcpListener, services: Arc<Services>, stop: Stop) {
    let accept = |stream, peer| accepted(stream, peer, &services, &stop);
    accept_each(listener, stop.clone(), accept).await;
}

fn accepted(stream: TcpStream, peer: SocketAddr, services: &Arc<Services>, stop: &Stop) {
    let address = peer.ip();
    let place = match services.admission.admit(Some(address)) {
        Ok(place) => place,
        Err(limit) => return services.limit_hit(limit, address),
    };
    let open = services.metrics.opened(TransportKind::Tcp);
    let core = Connection::new(Framing::Stream, &services.limits);
    let session = Session::new(stream.into(), core, address, Arc::clone(services));
    let stop = stop.clone();
    tokio::spawn(async move {
        session.run(stop).await;
        drop((open, place));
    });
}
