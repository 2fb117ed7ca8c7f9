//! The peers: nginx from its templates under `bench/`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::process::Server;

/// A running nginx and where it listens.
pub(super) struct Peer {
    /// The process.
    pub(super) server: Server,
    /// `127.0.0.1:port`; of no use for the upstream, which listens on a socket.
    pub(super) address: String,
}

/// Starts nginx with one of the templates; its sockets and files go into `folder`.
pub(super) fn start(name: &'static str, template: &Path, folder: &Path) -> Result<Peer> {
    let port = free_port()?;
    let text = fs::read_to_string(template).with_context(|| format!("reading {}", template.display()))?;
    let shown = folder.to_string_lossy();
    let text = text.replace("@FOLDER@", &shown).replace("@PORT@", &port.to_string()).replace("@NAME@", name);
    let file = folder.join(format!("{name}.conf"));
    // Workers must reach the folder of whoever runs the benchmark.
    let user = crate::run::output(Command::new("id").arg("-un"))?;
    let user_line = if user.trim() == "root" { "user root;\n" } else { "" };
    fs::write(&file, format!("{user_line}{text}"))?;
    let mut server = Server::start(name, Command::new("nginx").arg("-p").arg(folder).arg("-c").arg(&file))?;
    let address = format!("127.0.0.1:{port}");
    let socket = folder.join(format!("{name}.sock"));
    server.wait_until("listening", || socket.exists() || TcpStream::connect(&address).is_ok())?;
    Ok(Peer { server, address })
}

/// A port nobody has at the moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
