//! The operator's commands to a running server, over a Unix socket in the data folder.
//!
//! The store has one owner at a time, so `garita account create` asks the running server when there is one. One JSON
//! line in, one JSON line out. INVARIANT: only the owner of the data folder is obeyed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use garita_app::App;
use garita_app::account::NewAccount;
use garita_app::reach::Surroundings;
use garita_app::reach::report::{WhatCan, WhoCan};
use garita_app::user_pool::{Exported, Imported};
use garita_model::user_pool::PoolId;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use crate::data_folder::DataFolder;
use crate::users;

/// Longest command, in bytes.
const MAX_COMMAND: u64 = 64 * 1024;
/// How long a command may take to come, and most commands to be carried out.
const SOON: Duration = Duration::from_secs(10);
/// How long a file of users may take.
const LONG: Duration = Duration::from_secs(15 * 60);

/// What the operator can ask for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Command {
    /// Make an account.
    CreateAccount {
        /// Its name.
        name: String,
        /// Its id; drawn when absent.
        id: Option<String>,
    },
    /// List the accounts.
    ListAccounts,
    /// Name everyone who can do something.
    WhoCan {
        /// One action.
        action: String,
        /// One resource.
        resource: String,
        /// The account of a resource whose ARN names none.
        resource_account: Option<String>,
    },
    /// Tell what somebody can do.
    WhatCan {
        /// The ARN.
        principal: String,
    },
    /// Put the users of a file into a pool; the file follows, to the end of what is sent.
    ImportUsers {
        /// The pool.
        pool: PoolId,
        /// How long the file is: of a sender that is killed the end comes early.
        bytes: u64,
    },
    /// Send the users of a pool, a line each, before the answer.
    ExportUsers {
        /// The pool.
        pool: PoolId,
    },
}

/// An account as the operator sees it. The secret is there once, in the answer to its making.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountLine {
    /// Twelve digits.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The root user's key id, for a new account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_key_id: Option<String>,
    /// The root user's secret key, for a new account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret_access_key: Option<String>,
}

/// What a command is answered.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The accounts listed, or the one made.
    Accounts(Vec<AccountLine>),
    /// Who can.
    WhoCan(Box<WhoCan>),
    /// What somebody can do.
    WhatCan(Box<WhatCan>),
    /// What came of a file of users.
    Imported(Imported),
    /// What a file of users holds.
    Exported(Exported),
    /// Why there is no other answer.
    Error(String),
}

/// Carries out a command that no file goes with.
pub(crate) async fn carry_out(app: &Arc<App>, around: &Surroundings, command: Command) -> Result<Answer> {
    match command {
        Command::CreateAccount { name, id } => {
            let id = id.map(|text| text.parse()).transpose().map_err(|e| anyhow!("{e}"))?;
            let new = NewAccount { id, name: name.parse()?, root_key: None };
            let (account, key) = app.create_account(new).await?;
            Ok(Answer::Accounts(vec![AccountLine {
                id: account.id.to_string(),
                name: account.name.to_string(),
                access_key_id: Some(key.key.id.to_string()),
                secret_access_key: Some(key.secret.expose().clone()),
            }]))
        }
        Command::WhoCan { action, resource, resource_account } => {
            let owner = resource_account.map(|text| text.parse()).transpose().map_err(|e| anyhow!("{e}"))?;
            Ok(Answer::WhoCan(Box::new(app.who_can(&action, &resource, owner, around).await?)))
        }
        Command::WhatCan { principal } => {
            Ok(Answer::WhatCan(Box::new(app.what_can(&principal, around).await?)))
        }
        Command::ImportUsers { .. } | Command::ExportUsers { .. } => bail!("a file goes with this command"),
        Command::ListAccounts => Ok(Answer::Accounts(
            app.snapshot()
                .accounts()
                .map(|account| AccountLine {
                    id: account.id.to_string(),
                    name: account.name.to_string(),
                    access_key_id: None,
                    secret_access_key: None,
                })
                .collect(),
        )),
    }
}

/// Sends a command to the server that runs over a data folder; none when no server answers there.
pub(crate) async fn send(folder: &DataFolder, command: &Command) -> Result<Option<Answer>> {
    let Some(stream) = begin(folder, command).await? else { return Ok(None) };
    answer(BufReader::new(stream)).await.map(Some)
}

/// Sends a command and leaves what follows to the caller.
pub(crate) async fn begin(folder: &DataFolder, command: &Command) -> Result<Option<UnixStream>> {
    let Ok(mut stream) = UnixStream::connect(folder.control_socket()).await else { return Ok(None) };
    let mut line = serde_json::to_string(command)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).await?;
    Ok(Some(stream))
}

/// The answer to a command.
pub(crate) async fn answer(mut from: impl AsyncBufRead + Unpin) -> Result<Answer> {
    let mut line = String::new();
    from.read_line(&mut line).await?;
    parse(&line)
}

/// Reads an answer; one that is an error is an error.
pub(crate) fn parse(line: &str) -> Result<Answer> {
    match serde_json::from_str(line).context("the running server gave no answer that can be read")? {
        Answer::Error(text) => bail!(text),
        answer => Ok(answer),
    }
}

/// Takes commands until dropped.
pub(crate) struct Control {
    task: tokio::task::JoinHandle<()>,
    socket: std::path::PathBuf,
}

impl Control {
    /// Listens on the data folder's control socket.
    pub(crate) fn start(app: Arc<App>, around: Surroundings, folder: &DataFolder) -> Result<Self> {
        let socket = folder.control_socket();
        remove_stale(&socket)?;
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("cannot listen on `{}`", socket.display()))?;
        let (owner, around) = (folder.owner()?, Arc::new(around));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (app, around) = (app.clone(), around.clone());
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, &app, &around, owner).await {
                        tracing::warn!(%error, "control socket");
                    }
                });
            }
        });
        Ok(Self { task, socket })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        if let Err(error) = remove_stale(&self.socket) {
            tracing::debug!(%error, "control socket stays behind");
        }
    }
}

/// The store's lock is held by now, so a socket that is there belongs to nobody.
fn remove_stale(socket: &Path) -> Result<()> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

async fn converse(stream: UnixStream, app: &Arc<App>, around: &Surroundings, owner: u32) -> Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != owner && peer != 0 {
        bail!("refused a command of user {peer}");
    }
    let (reading, mut writing) = stream.into_split();
    let (mut reading, mut line) = (BufReader::new(reading), String::new());
    timeout(SOON, (&mut reading).take(MAX_COMMAND).read_line(&mut line)).await??;
    let done = match serde_json::from_str(&line) {
        Ok(Command::ImportUsers { pool, bytes }) => {
            timeout(LONG, users::take(app, pool, &mut reading, bytes)).await?.map(Answer::Imported)
        }
        Ok(Command::ExportUsers { pool }) => {
            timeout(LONG, users::give(app, &pool, &mut writing)).await?.map(Answer::Exported)
        }
        Ok(command) => timeout(SOON, carry_out(app, around, command)).await?,
        Err(error) => Err(anyhow!("not a command: {error}")),
    };
    let answer = done.unwrap_or_else(|error| Answer::Error(format!("{error:#}")));
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    timeout(SOON, writing.write_all(text.as_bytes())).await??;
    Ok(())
}
