//! The command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::app::StartError;
use crate::config::{Config, Limits};
use crate::proxy::TrustedProxy;
use crate::settings::{self, SettingsOwner};
use crate::setup::{self, FirstRun};
use crate::store::Retention;
use crate::upkeep;

/// Receives and groups errors from any Sentry-compatible SDK.
#[derive(Debug, Parser)]
#[command(name = "watchpost-server", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server. The first start makes a project, a token and an administrator, and prints them once.
    Serve(Serve),
    /// Do what the first start does, without serving.
    Init {
        #[command(flatten)]
        common: Common,
    },
    /// Manage projects.
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Manage API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage users.
    #[command(subcommand)]
    User(UserCommand),
    /// Copy the data folder, also while a server runs on it.
    Backup {
        #[command(flatten)]
        common: Common,
        /// A folder that does not exist or is empty.
        #[arg(long)]
        to: PathBuf,
    },
    /// Make a data folder of a backup.
    Restore {
        #[command(flatten)]
        common: Common,
        /// The backup.
        #[arg(long)]
        from: PathBuf,
    },
    /// Look whether the data folder is sound. Ends with 1 if it is not.
    Check {
        #[command(flatten)]
        common: Common,
    },
    /// Show or replace settings: quotas, filters, scrubbing. A running server follows within a minute.
    Settings(Settings),
}

#[derive(Debug, Args)]
struct Settings {
    #[command(flatten)]
    common: Common,
    /// Of this project.
    #[arg(long, value_name = "SLUG", group = "owner")]
    project: Option<String>,
    /// Of this client key: quotas only.
    #[arg(long, value_name = "PUBLIC KEY", group = "owner")]
    key: Option<String>,
    /// JSON that replaces the settings; what it does not name goes to its default. Left out, they are shown.
    #[arg(long, value_name = "JSON")]
    set: Option<String>,
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    common: Common,
    /// Where to listen; loopback unless you say otherwise. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8700", env = "WATCHPOST_LISTEN")]
    listen: SocketAddr,
    /// Proxies in front of the server, as addresses or networks like 10.0.0.0/8. A request from one of them counts as
    /// its client's: the last address in X-Forwarded-For that is not such a proxy. Left out, the header is ignored.
    #[arg(long, env = "WATCHPOST_TRUST_PROXY", value_delimiter = ',', value_name = "ADDRESS")]
    trust_proxy: Vec<TrustedProxy>,
    /// How many bytes may be accepted and not yet digested; beyond it clients are told to come back.
    #[arg(long, env = "WATCHPOST_SPOOL_BYTES", value_name = "BYTES")]
    spool_bytes: Option<u64>,
    /// How many days are kept.
    #[arg(long, default_value_t = 90, env = "WATCHPOST_RETENTION_DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    retention_days: u32,
    /// How many bytes all day files may take; the oldest days go first. Left out, only their age counts.
    #[arg(long, env = "WATCHPOST_MAX_DISK_BYTES", value_name = "BYTES")]
    max_disk_bytes: Option<u64>,
}

#[derive(Debug, Args)]
struct Common {
    /// The data folder.
    #[arg(long, env = "WATCHPOST_DATA")]
    data: PathBuf,
    /// The address under which people and SDKs reach the server, like https://errors.example.com.
    #[arg(long, env = "WATCHPOST_PUBLIC_URL")]
    public_url: Option<String>,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    /// Make a project and print its DSN.
    Create {
        #[command(flatten)]
        common: Common,
        /// The name in addresses: lower-case letters, digits, - and _.
        #[arg(long)]
        slug: String,
        /// What it is written in, like python.
        #[arg(long)]
        platform: Option<String>,
        /// Keep this number of an existing DSN.
        #[arg(long)]
        id: Option<i64>,
        /// Keep this public key of an existing DSN: 32 hex digits.
        #[arg(long)]
        key: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it; it is shown once.
    Create {
        #[command(flatten)]
        common: Common,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        label: String,
        /// What it may do, like project:releases; may be repeated. Left out: everything that the administrator may do.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// Make a token of this organisation for builds, which tells sentry-cli where the server is.
        #[arg(long, value_name = "SLUG", conflicts_with = "scopes")]
        org: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Give a user a new random password and print it; it is shown once.
    Password {
        #[command(flatten)]
        common: Common,
        /// The user.
        #[arg(long, default_value = "admin")]
        username: String,
    },
}

/// Runs the command line and returns the process's exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to standard output and is no failure.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    match execute(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::log::error(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<(), StartError> {
    match command {
        Command::Serve(serve) => {
            let mut limits = Limits::default();
            limits.spool_bytes = serve.spool_bytes.unwrap_or(limits.spool_bytes);
            let config = Config {
                limits,
                listen: serve.listen,
                public_url: serve.common.public_url,
                trust_proxy: serve.trust_proxy,
                retention: Retention { days: serve.retention_days, max_bytes: serve.max_disk_bytes },
                ..Config::new(serve.common.data)
            };
            crate::serve::run(&config, serve.common.json)
        }
        Command::Init { common } => {
            match setup::first_run(&common.data, &common.url())? {
                Some(first) => print(&first_run_text(&first, common.json)),
                None => crate::log::info(format_args!("{} is set up already", common.data.display())),
            }
            Ok(())
        }
        Command::Project(ProjectCommand::Create { common, slug, platform, id, key }) => {
            let made = setup::create_project(&common.data, &common.url(), &slug, platform, id, key)?;
            common.print(&json!({ "id": made.id, "slug": made.slug, "dsn": made.dsn }), &made.dsn);
            Ok(())
        }
        Command::Token(TokenCommand::Create { common, label, scopes, org }) => {
            let token = match org {
                Some(org) => setup::create_org_token(&common.data, &common.url(), &org, &label)?,
                None => setup::create_token(&common.data, &label, &scopes)?,
            };
            common.print(&json!({ "token": token }), &token);
            Ok(())
        }
        Command::Backup { common, to } => {
            let bytes = upkeep::backup(&common.data, &to)?;
            common.print(&json!({ "bytes": bytes }), &format!("{bytes} bytes in {}", to.display()));
            Ok(())
        }
        Command::Restore { common, from } => {
            let bytes = upkeep::restore(&from, &common.data)?;
            common.print(&json!({ "bytes": bytes }), &format!("{bytes} bytes in {}", common.data.display()));
            Ok(())
        }
        Command::Check { common } => {
            let found = upkeep::check(&common.data)?;
            let text = format!(
                "{} events in {} days, {} to be counted, {} waiting in the spool; {}",
                found.events,
                found.days,
                found.uncounted,
                found.waiting,
                if found.problems.is_empty() { "sound".to_owned() } else { found.problems.join("; ") }
            );
            common.print(&json!(found), &text);
            match found.problems.len() {
                0 => Ok(()),
                n => Err(StartError::new("the data folder", format!("{n} problems; restore a backup"))),
            }
        }
        Command::Settings(Settings { common, project, key, set }) => {
            let owner = match (project, key) {
                (Some(slug), _) => SettingsOwner::Project(slug),
                (None, Some(public)) => SettingsOwner::Key(public),
                (None, None) => SettingsOwner::Organization,
            };
            if let Some(json) = set {
                settings::set_settings(&common.data, &owner, &json)?;
            }
            print(&settings::settings(&common.data, &owner)?);
            Ok(())
        }
        Command::User(UserCommand::Password { common, username }) => {
            let account = setup::set_password(&common.data, &username)?;
            let object = json!({ "username": account.username, "password": account.password });
            common.print(&object, &account.password);
            Ok(())
        }
    }
}

impl Common {
    fn url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| "http://127.0.0.1:8700".to_owned())
    }

    fn print(&self, object: &Value, text: &str) {
        if self.json { print(&object.to_string()) } else { print(text) }
    }
}

/// What the first start made, as a block to copy from or as one line of JSON.
pub(crate) fn first_run_text(first: &FirstRun, as_json: bool) -> String {
    if as_json {
        return json!({ "event": "first_run", "first_run": first }).to_string();
    }
    let FirstRun { project, token, admin, .. } = first;
    format!(
        "\n  Watchpost is ready. This is shown once; keep it safe.\n\n    \
         DSN for your SDK   {}\n    \
         log in as          {}\n    \
         password           {}\n    \
         API token          {}\n",
        project.dsn, admin.username, admin.password, token
    )
}

/// The one place that writes to standard output.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads it: nothing to be done about that.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
