//! The socket of a running gateway.

use core::time::Duration;
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
                            // The gateway stops when this one has its answer.
                            server.converse(stream, PATIENCE, stop).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "an operator's command was not accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
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

impl<O: Operate + 'static> Server<O> {
    async fn converse(self: Arc<Self>, stream: UnixStream, patience: Duration, stop: Stop) {
        match tokio::time::timeout(patience, self.serve_one(stream, stop)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an operator's command broke off"),
            Err(_) => tracing::warn!("an operator's command took too long"),
        }
    }

    async fn serve_one(self: Arc<Self>, mut stream: UnixStream, stop: Stop) -> io::Result<()> {
        let answer = if self.is_ours(&stream)? {
            let mut line = String::new();
            let (reader, _) = stream.split();
            BufReader::new(reader)
                .take(REQUEST_MAX)
                .read_line(&mut line)
                .await?;
            match serde_json::from_str(&line) {
                Ok(request) => {
                    let server = Arc::clone(&self);
                    // A task of its own: who was disabled is cut off also if nobody waits for
                    // the answer any more.
                    let done = tokio::spawn(async move {
                        let answer =
                            answer(&server.operator, request, server.address.as_deref()).await;
                        drop(stop);
                        answer
                    });
                    done.await.map_err(io::Error::other)?
                }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use sotto_shared::account::AccountName;
    use sotto_shared::sotto::types::Invitation;
    use tokio::sync::Notify;

    use super::*;
    use crate::admin::OperateError;
    use crate::invitation::InvitationCode;
    use crate::stop::Stopper;
    use crate::storage::account::AccountSummary;

    /// Deletes when it is told to go on, and nothing else.
    #[derive(Default)]
    struct Slow {
        go_on: Arc<Notify>,
        deleted: Arc<AtomicBool>,
    }

    impl Operate for Slow {
        async fn delete(&self, _: &AccountName) -> Result<(), OperateError> {
            self.go_on.notified().await;
            self.deleted.store(true, Ordering::SeqCst);
            Ok(())
        }

        async fn list(&self) -> Result<Vec<AccountSummary>, OperateError> {
            Err(OperateError::Failed)
        }

        async fn set_disabled(&self, _: &AccountName, _: bool) -> Result<(), OperateError> {
            Err(OperateError::Failed)
        }

        async fn reset_login(&self, _: &AccountName) -> Result<(), OperateError> {
            Err(OperateError::Failed)
        }

        async fn invite(&self, _: Duration) -> Result<(InvitationCode, Invitation), OperateError> {
            Err(OperateError::Failed)
        }
    }

    #[tokio::test]
    async fn a_change_is_carried_through_though_its_answer_took_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET);
        let listener = listen(&path).unwrap();
        let mut asker = UnixStream::connect(&path).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let name = "alice".parse().unwrap();
        let mut line = serde_json::to_vec(&crate::admin::Request::UserDelete { name }).unwrap();
        line.push(b'\n');
        asker.write_all(&line).await.unwrap();
        let operator = Slow::default();
        let (go_on, deleted) = (Arc::clone(&operator.go_on), Arc::clone(&operator.deleted));
        let server = Arc::new(Server {
            operator,
            address: None,
            path,
        });
        let stopper = Stopper::new();
        let patience = Duration::from_millis(100);
        server.converse(stream, patience, stopper.watcher()).await;
        go_on.notify_one();
        assert!(stopper.stop(Duration::from_secs(20)).await);
        assert!(deleted.load(Ordering::SeqCst));
    }
}
