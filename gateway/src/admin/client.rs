//! The side of the command line.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::operate::{Hands, answer};
use super::{Answer, Request};
use crate::audit::Audit;
use crate::config::Config;
use crate::metrics::CommitMetrics;
use crate::storage::Storage as _;
use crate::storage::sqlite::{FILE, OpenError, SqliteStorage};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no database.
    #[error("there is no gateway's data in {path}; name the folder with --data")]
    NoData {
        /// The folder.
        path: PathBuf,
    },
    /// A gateway runs on the folder, and cannot be asked.
    #[error("a gateway is running on {path} and cannot be asked here: stop it first")]
    Running {
        /// The folder.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is done cannot be written down.
    #[error("cannot write to {path}: {source}")]
    Audit {
        /// The audit log.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The running gateway broke off.
    #[error("the running gateway did not answer: {0}")]
    Broken(io::Error),
}

/// Asks the gateway that runs on the configured data folder, or does it without one.
///
/// # Errors
/// Any [`AskError`].
pub async fn ask(config: &Config, request: Request) -> Result<Answer, AskError> {
    #[cfg(unix)]
    if let Some(answer) = ask_running(&config.data, &request).await? {
        return Ok(answer);
    }
    ask_stopped(config, request).await
}

/// Nothing if no gateway is listening.
#[cfg(unix)]
async fn ask_running(
    data: &std::path::Path,
    request: &Request,
) -> Result<Option<Answer>, AskError> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut stream = match tokio::net::UnixStream::connect(data.join(super::SOCKET)).await {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(AskError::Broken(error));
        }
        Err(_) => return Ok(None),
    };
    let conversation = async {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(serde_json::from_slice(&answer)?)
    };
    match tokio::time::timeout(super::PATIENCE, conversation).await {
        Ok(answer) => answer.map(Some).map_err(AskError::Broken),
        Err(_) => Err(AskError::Broken(io::ErrorKind::TimedOut.into())),
    }
}

/// Opens the data folder itself.
async fn ask_stopped(config: &Config, request: Request) -> Result<Answer, AskError> {
    let path = config.data.clone();
    if !path.join(FILE).exists() {
        return Err(AskError::NoData { path });
    }
    let options = (&config.limits).into();
    let storage = match SqliteStorage::open(&path, options, Arc::new(CommitMetrics::default())) {
        Ok(storage) => Arc::new(storage),
        Err(OpenError::InUse { path }) => return Err(AskError::Running { path }),
        Err(error) => return Err(error.into()),
    };
    let audit = Audit::open(&path).map_err(|source| AskError::Audit {
        path: path.join(crate::audit::FILE),
        source,
    })?;
    let hands = Hands::new(Arc::<SqliteStorage>::clone(&storage) as _, audit);
    let answer = answer(&hands, request, config.public_address().as_deref()).await;
    // What was answered is durable already.
    let _ = storage.close().await;
    Ok(answer)
}
