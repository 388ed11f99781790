//! A server that answers what a test says and keeps what it was sent, byte for byte; and a decoder of queries that
//! shares nothing with the client's encoder.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What a server answers to a request.
type Answering = fn(&Received) -> String;

/// A request as it was on the wire.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    target: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// The query's parameters, decoded as the form encoding says.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let Some((_, query)) = self.target.split_once('?') else { return Vec::new() };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').expect("a parameter has a value");
            (decoded(name), decoded(value))
        };
        query.split('&').map(pair).collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'!'..=b'~' => byte,
            other => panic!("byte {other:#x} is not for a URL"),
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// The server.
#[derive(Debug)]
pub(crate) struct Wire {
    url: Url,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Wire {
    /// A server on a free port of this computer, in the runtime of the caller.
    pub(crate) async fn start(answering: Answering) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/api/v1/", listener.local_addr().unwrap())).unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    while let Some(request) = receive(&mut stream).await {
                        let body = answering(&request);
                        kept.lock().unwrap().push(request);
                        let length = body.len();
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
                        );
                        if stream.write_all((head + &body).as_bytes()).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { url, received }
    }

    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }

    /// What was received since the last call.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

/// The next request of a connection; none when the client has gone.
async fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head is ASCII");
    let mut line = head.lines().next()?.split(' ');
    let (method, target) = (line.next()?.to_owned(), line.next()?.to_owned());
    assert_eq!(line.next(), Some("HTTP/1.1"), "the target has no blank");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { method, target, body })
}
