//! A small HTTP server on a free port of this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use watchpost_core::Envelope;

/// Answers every POST the same way and hands the requests to the test.
pub struct Server {
    pub dsn: String,
    pub requests: Receiver<Request>,
}

/// A request as it came.
#[derive(Debug)]
pub struct Request {
    /// Which connection it came on, counted from 0.
    pub connection: usize,
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub envelope: Envelope,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Server {
    /// Starts a server that answers with this status line and headers, like `200 OK\r\nretry-after: 3`.
    pub fn start(answer: &'static str) -> Self {
        Self::start_over(answer, Some)
    }

    /// A server that talks over what `wrap` makes of a connection, if anything.
    pub fn start_over<S: Read + Write>(
        answer: &'static str,
        wrap: impl Fn(TcpStream) -> Option<S> + Clone + Send + 'static,
    ) -> Self {
        Self::serve_on(TcpListener::bind("127.0.0.1:0").unwrap(), answer, wrap)
    }

    fn serve_on<S: Read + Write>(
        listener: TcpListener,
        answer: &'static str,
        wrap: impl Fn(TcpStream) -> Option<S> + Clone + Send + 'static,
    ) -> Self {
        let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (sender, wrap) = (sender.clone(), wrap.clone());
                thread::spawn(move || {
                    wrap(stream.unwrap()).map(|stream| serve(connection, stream, answer, &sender))
                });
            }
        });
        Self { dsn, requests }
    }
}

/// A port that refuses connections until somebody listens there, and that nobody else is given meanwhile.
pub struct Reserved(TcpListener);

impl Reserved {
    #[expect(unsafe_code, reason = "the standard library binds and listens in one step")]
    pub fn new() -> Self {
        // SAFETY: all-zero is a valid address.
        let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_addr.s_addr = u32::from(Ipv4Addr::LOCALHOST).to_be();
        let size = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        // SAFETY: `address` is valid for `size`, and the descriptor is a new one that the listener alone owns.
        unsafe {
            let socket = libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0);
            assert!(socket >= 0, "{}", std::io::Error::last_os_error());
            assert_eq!(libc::bind(socket, (&raw const address).cast(), size), 0);
            Self(TcpListener::from_raw_fd(socket))
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// A server at this port.
    #[expect(unsafe_code, reason = "the second step")]
    pub fn serve(self, answer: &'static str) -> Server {
        // SAFETY: an open descriptor.
        assert_eq!(unsafe { libc::listen(self.0.as_raw_fd(), 16) }, 0);
        Server::serve_on(self.0, answer, Some)
    }
}

fn serve(connection: usize, stream: impl Read + Write, answer: &str, requests: &Sender<Request>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(connection, &mut reader) {
        let _ = requests.send(request);
        // In one piece: several small writes would each wait for the other side's delayed acknowledgement.
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 2\r\n\r\n{{}}");
        let stream = reader.get_mut();
        if stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

fn read(connection: usize, reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let find = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut body = vec![0; find("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    if find("content-encoding") == Some("gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    #[cfg(feature = "zstd")]
    if find("content-encoding") == Some("zstd") {
        body = zstd::decode_all(&body[..]).unwrap();
    }
    let envelope = Envelope::decode(&body).unwrap();
    Some(Request { connection, line: line.trim_end().to_owned(), headers, envelope })
}
