//! The socket of a running gateway.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::operate::{Operate, answer};
use super::{Answer, PATIENCE, REQUEST_MAX, SOCKET};
use crate::stop::Stop;

/// Listens in the data folder until the gateway stops. Without the socket the gateway works all
/// the same, so that a folder in which none can be made is only warned of.
pub(crate) fn serve<O: Operate + 'static>(
    data: &Path,
    operator: O,
    address: Option<String>,
    mut stop: Stop,
) {
    let path = data.join(SOCKET);
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "no socket for the operator's commands");
            return;
        }
    };
    let server = Arc::new(Server {
        operator,
        address,
        path,
    });
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.draining() => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let server = Arc::clone(&server);
                        let stop = stop.clone();
                        tokio::spawn(async move {
                            server.converse(stream).await;
                            // The gateway stops when this one has its answer.
                            drop(stop);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "an operator's command was not accepted");
                        tokio::time::sleep(core::time::Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(std::fs::remove_file(&server.path));
    });
}

/// The data folder is locked by this gateway: a socket that is there was left by one that crashed.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

struct Server<O> {
    operator: O,
    address: Option<String>,
    path: PathBuf,
}

impl<O: Operate> Server<O> {
    async fn converse(&self, stream: UnixStream) {
        match tokio::time::timeout(PATIENCE, self.serve_one(stream)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an operator's command broke off"),
            Err(_) => tracing::warn!("an operator's command took too long"),
        }
    }

    async fn serve_one(&self, mut stream: UnixStream) -> io::Result<()> {
        let answer = if self.is_ours(&stream)? {
            let mut line = String::new();
            let (reader, _) = stream.split();
            BufReader::new(reader)
                .take(REQUEST_MAX)
                .read_line(&mut line)
                .await?;
            match serde_json::from_str(&line) {
                Ok(request) => answer(&self.operator, request, self.address.as_deref()).await,
                Err(error) => Answer::Error {
                    message: format!("no request: {error}"),
                },
            }
        } else {
            Answer::Error {
                message: "only for the gateway's own user".to_owned(),
            }
        };
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        stream.write_all(&line).await
    }

    /// Whether the peer is the gateway's own user or root, also in the moment before the socket
    /// has its permissions.
    fn is_ours(&self, stream: &UnixStream) -> io::Result<bool> {
        let peer = stream.peer_cred()?.uid();
        Ok(peer == 0 || peer == std::fs::metadata(&self.path)?.uid())
    }
}
