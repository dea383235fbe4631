//! The servers: each captures an event about every request, once it has read its body.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::http::{Request, Response};
use axum::routing::post;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower_layer::Layer as _;
use tower_service::Service;
use watchpost::integrations::actix_web::WatchpostMiddleware;
use watchpost::integrations::tower::{WatchpostLayer, record_body};

use super::PATIENCE;

pub(crate) fn axum_server() -> SocketAddr {
    async fn read(body: Bytes) -> String {
        watchpost::capture_message("read", None);
        body.len().to_string()
    }
    serve_axum(axum::Router::new().route("/read", post(read)))
}

pub(crate) fn serve_axum(router: axum::Router) -> SocketAddr {
    let (tell, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, router.layer(WatchpostLayer)).await.unwrap();
        });
    });
    address.recv_timeout(PATIENCE).unwrap()
}

pub(crate) fn actix_server() -> SocketAddr {
    use actix_web::web;

    async fn read(body: web::Bytes) -> String {
        watchpost::capture_message("read", None);
        body.len().to_string()
    }
    serve_actix(|config| {
        config.route("/read", web::post().to(read));
    })
}

pub(crate) fn serve_actix(routes: fn(&mut actix_web::web::ServiceConfig)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let app = move || actix_web::App::new().configure(routes).wrap(WatchpostMiddleware::new());
        let server = actix_web::HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        actix_web::rt::System::new().block_on(server.run()).unwrap();
    });
    address
}

/// A service for hyper, without a framework.
#[derive(Debug, Clone, Copy)]
struct Plain;

impl Service<Request<Incoming>> for Plain {
    type Response = Response<axum::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let request = record_body(request);
        if request.uri().path() == "/upgrade" {
            return Box::pin(async { Ok(upgrade(request).await) });
        }
        Box::pin(async {
            let (mut body, mut length) = (request.into_body(), 0);
            while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                length += frame.unwrap().data_ref().map_or(0, Bytes::len);
            }
            watchpost::capture_message("read", None);
            Ok(Response::new(length.to_string().into()))
        })
    }
}

pub(crate) fn hyper_server() -> SocketAddr {
    let (tell, address) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = TowerToHyperService::new(WatchpostLayer.layer(Plain));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                connection.await.unwrap();
            }
        });
    });
    address.recv_timeout(PATIENCE).unwrap()
}

/// Leaves HTTP, and sends back the four bytes that come.
pub(crate) async fn upgrade<B: Send>(request: Request<B>) -> Response<axum::body::Body> {
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        let mut word = [0; 4];
        stream.read_exact(&mut word).await.unwrap();
        watchpost::capture_message("upgraded", None);
        stream.write_all(&word).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let answer = Response::builder().status(101).header("connection", "upgrade").header("upgrade", "echo");
    answer.body(axum::body::Body::empty()).unwrap()
}
