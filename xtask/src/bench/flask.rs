//! The Flask application as a server that is asked over one kept connection, as the Express one is.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::express::Application;
use crate::failure::{Context as _, Failure, Result};
use crate::repo;

impl Application {
    /// Starts `web.py` with Watchpost behind gunicorn, one worker with one thread: those keep connections.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_flask(dsn: &str, spool: &Path) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(repo::cache("venv/bin/python"));
        command
            .args(["-m", "gunicorn", "--workers", "1", "--worker-class", "gthread", "--threads", "1"])
            .args(["--keep-alive", "60", "--log-level", "critical", "--bind"])
            .arg(address.to_string())
            .arg("web:app")
            .current_dir(repo::path("benches/python"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SIDE", "ours")
            .env("TRACES", "0")
            .env("DSN", dsn)
            .env("SPOOL", spool)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let application = Self { child: command.spawn().context("start gunicorn")?, address };
        let begin = Instant::now();
        while application.cost().is_err() {
            if begin.elapsed() > PATIENCE {
                return Err(Failure::new("the Flask application does not answer"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(application)
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
