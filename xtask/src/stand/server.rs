//! The real server binary on a folder of its own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::Api;
use super::http::{Answer, request};
use crate::failure::{Context as _, Failure, Result};
use crate::{process, repo};

/// A data folder, its projects and a token; the server itself may be up or down.
#[derive(Debug)]
pub struct ServerHome {
    binary: PathBuf,
    data: PathBuf,
    address: String,
    token: String,
}

/// A project that programs may report to.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its slug.
    pub slug: String,
    /// Its DSN, with the address that the server of this home listens on.
    pub dsn: String,
}

/// What a person types into the page.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A running server; stopped (SIGTERM, then SIGKILL) when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
}

impl ServerHome {
    /// A fresh home in `data` for the binary at `binary`; `port` 0 takes a free one.
    ///
    /// # Errors
    /// When the binary is missing or refuses.
    pub fn create(binary: &Path, data: &Path, port: u16) -> Result<Self> {
        if !binary.is_file() {
            return Err(Failure::new(format!("{} is not built", binary.display())));
        }
        let address = format!("127.0.0.1:{}", if port == 0 { free_port()? } else { port });
        let mut home = Self { binary: binary.into(), data: data.into(), address, token: String::new() };
        if !data.exists() {
            home.ask(&["init"])?;
        }
        home.token =
            home.ask(&["token", "create"])?["token"].as_str().ok_or("token create: no \"token\"")?.to_owned();
        Ok(home)
    }

    /// Creates a project; in a home that was kept, finds the one that an earlier run created.
    ///
    /// # Errors
    /// When the server's command refuses.
    pub fn project(&self, slug: &str, platform: &str) -> Result<Project> {
        let note = self.data.with_extension(slug);
        let dsn = match std::fs::read_to_string(&note) {
            Ok(dsn) => at_address(&dsn, &self.address)?,
            Err(_) => {
                let url = format!("http://{}", self.address);
                let answer = self.ask(&[
                    "project",
                    "create",
                    "--slug",
                    slug,
                    "--platform",
                    platform,
                    "--public-url",
                    &url,
                ])?;
                let dsn = answer["dsn"].as_str();
                dsn.ok_or_else(|| Failure::new(format!("project create: no \"dsn\" in {answer}")))?.to_owned()
            }
        };
        std::fs::write(&note, &dsn).at(&note)?;
        Ok(Project { slug: slug.into(), dsn })
    }

    /// Replaces a project's settings, which a running server reads within a minute.
    ///
    /// # Errors
    /// When the server's command refuses them.
    pub fn set(&self, project: &str, settings: &str) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(["settings", "--project", project, "--set", settings, "--data"]).arg(&self.data);
        process::output(&mut command).map(drop)
    }

    /// Where the server keeps everything.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Starts the server and waits until it is healthy.
    ///
    /// # Errors
    /// When it does not become healthy within 30 s.
    pub fn start(&self) -> Result<Server> {
        let log = process::appending(&self.log())?;
        let errors = log.try_clone()?;
        let child = Command::new(&self.binary)
            .args(["serve", "--data"])
            .arg(&self.data)
            .args(["--listen", &self.address])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .at(&self.binary)?;
        let mut server = Server { child, address: self.address.clone() };
        server
            .await_health()
            .map_err(|failure| Failure::new(format!("{failure}; see {}", self.log().display())))?;
        Ok(server)
    }

    /// A signed-in caller of the API.
    ///
    /// # Errors
    /// When the running server refuses the token.
    pub fn api(&self) -> Result<Api> {
        Api::new(&self.address, &self.token)
    }

    /// A token of an organisation, as builds have it.
    ///
    /// # Errors
    /// When the server's command refuses.
    pub fn organization_token(&self, organization: &str) -> Result<String> {
        let url = format!("http://{}", self.address);
        let answer = self.ask(&["token", "create", "--org", organization, "--public-url", &url])?;
        let token = answer["token"].as_str();
        token
            .map(str::to_owned)
            .ok_or_else(|| Failure::new(format!("token create: no \"token\" in {answer}")))
    }

    /// The administrator's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A login for the page, with a new password.
    ///
    /// # Errors
    /// When the server's command refuses.
    pub fn login(&self) -> Result<Login> {
        let answer = self.ask(&["user", "password"])?;
        match (answer["username"].as_str(), answer["password"].as_str()) {
            (Some(username), Some(password)) => {
                Ok(Login { username: username.into(), password: password.into() })
            }
            _ => Err(Failure::new(format!("user password: no login in {answer}"))),
        }
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The server's output.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    fn ask(&self, words: &[&str]) -> Result<Value> {
        let mut command = Command::new(&self.binary);
        command.args(words).arg("--data").arg(&self.data).arg("--json");
        Ok(serde_json::from_str(process::output(&mut command)?.trim())?)
    }
}

impl Server {
    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it as a service manager would, and answers when it has ended.
    pub fn stop(mut self) {
        process::stop(&mut self.child, Duration::from_secs(20));
    }

    /// SIGKILLs it.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end, however long that takes.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn wait(mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }

    fn await_health(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(Failure::new(format!("the server ended with {status}")));
            }
            let up = TcpStream::connect(&self.address).is_ok();
            let health = up.then(|| request(&self.address, "GET", "/health", &[], &[]));
            if matches!(health, Some(Ok(Answer { status: 200, .. }))) {
                return Ok(());
            }
            if start.elapsed() > Duration::from_secs(30) {
                return Err(Failure::new("the server was not healthy after 30 s"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            process::stop(&mut self.child, Duration::from_secs(10));
        }
    }
}

/// The server's binary as `cargo build` leaves it.
#[must_use]
pub fn binary() -> PathBuf {
    repo::built("watchpost-server")
}

/// The DSN with another host and port: the one of a home that was kept.
fn at_address(dsn: &str, address: &str) -> Result<String> {
    let wrong = || Failure::new(format!("not a DSN: {dsn}"));
    let (key, rest) = dsn.split_once('@').ok_or_else(wrong)?;
    let (_, project) = rest.rsplit_once('/').ok_or_else(wrong)?;
    let (_, key) = key.split_once("://").ok_or_else(wrong)?;
    Ok(format!("http://{key}@{address}/{project}"))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_moves_to_the_server_s_address() {
        let moved = at_address("http://abc@localhost:8000/3", "127.0.0.1:4711").unwrap();
        assert_eq!(moved, "http://abc@127.0.0.1:4711/3");
        assert!(at_address("nonsense", "127.0.0.1:1").is_err());
    }
}
