//! `serve`: a socket in front of the app, and an orderly end.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::app::{App, StartError};
use crate::cli;
use crate::config::Config;
use crate::connections::{self, Bounds};
use crate::setup;

/// Serves until the process is told to stop; then nothing new is let in, and what was accepted is stored.
pub(crate) fn run(config: &Config, as_json: bool) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::new("the runtime", error))?;
    runtime.block_on(serve(config, as_json))
}

async fn serve(config: &Config, as_json: bool) -> Result<(), StartError> {
    let fail = |error| StartError::new(format!("{} for listening", config.listen), error);
    let listener = TcpListener::bind(config.listen).await.map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(address)));
    let first = setup::first_run(&config.data, &public_url)?;
    let app = App::start(config, &public_url)?;
    if let Some(first) = first {
        cli::print(&cli::first_run_text(&first, as_json));
    }
    if as_json {
        let url = format!("http://{}", reachable(address));
        cli::print(&json!({ "event": "listening", "url": url, "public_url": public_url }).to_string());
    } else {
        cli::print(&format!("  Listening on http://{address}   page: {public_url}/\n"));
    }
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let server = connections::serve(listener, app.router(), Bounds::default(), async move {
        stop_signal().await;
        crate::log::info(format_args!("stopping: storing what was accepted"));
        let _ = stopping.send(());
    });
    let patience = async {
        if stopped.await.is_ok() {
            tokio::time::sleep(PATIENCE).await;
        }
    };
    tokio::select! {
        () = server => {}
        () = patience => crate::log::info(format_args!("some clients did not finish in {PATIENCE:?}")),
    }
    let stopped = tokio::task::spawn_blocking(move || app.stop()).await;
    stopped.map_err(|error| StartError::new("the digest", error))
}

/// How long requests that are under way may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// An address to connect to: a server that listens everywhere is reachable on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            crate::log::error(format_args!(
                "signals: {error}; stop the server with SIGKILL, nothing accepted is lost"
            ));
            std::future::pending::<()>().await;
        }
    }
}
