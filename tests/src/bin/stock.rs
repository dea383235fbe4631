//! The last of three services, on axum: reports that something is out of stock.
#![expect(clippy::print_stdout, reason = "the test that runs it reads the port")]

use std::error::Error;
use std::time::Duration;

use axum::extract::Path;
use axum::routing::get;
use axum::{Router, serve};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use watchpost::integrations::tower::WatchpostLayer;
use watchpost::{ClientOptions, Level};

fn main() -> Result<(), Box<dyn Error>> {
    let storage = std::env::var_os("WATCHPOST_STORAGE_DIR").map(Into::into);
    let options = ClientOptions::new().with_storage_dir(storage).with_traces_sample_rate(1.0)?;
    let _guard = watchpost::init(options)?;
    run()?;
    if watchpost::flush(Duration::from_secs(60)) {
        Ok(())
    } else {
        Err("not everything was delivered".into())
    }
}

#[tokio::main]
async fn run() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?.port());
    let app = Router::new().route("/stock/{number}", get(stock)).layer(WatchpostLayer);
    // Whoever started it closes its input when it is to end.
    let end = async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    };
    serve(listener, app).with_graceful_shutdown(end).await
}

async fn stock(Path(number): Path<u32>) -> String {
    watchpost::capture_message(format!("order {number} is out of stock"), Level::Warning);
    "none left".to_owned()
}
