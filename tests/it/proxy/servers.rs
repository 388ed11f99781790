//! Tiny servers on 127.0.0.1: proxies that note what they hear, and TLS in front of the simulator.

use std::sync::{Arc, Mutex};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;
use vainu_etl::simulator::Simulator;

/// What a proxy does with CONNECT.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Connects to this computer, whatever the host.
    Through,
    /// Connects to what is behind that URL.
    To(String),
    /// Answers so.
    Says(&'static str),
    /// Closes the connection.
    Closes,
}

/// A proxy for CONNECT.
pub(super) struct Connects {
    pub(super) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Connects {
    pub(super) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connect(stream, answer.clone(), Arc::clone(&notes)));
            }
        });
        Self { port, heard }
    }

    /// The heads of the requests so far.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn connect(mut stream: TcpStream, answer: Answer, heard: Arc<Mutex<Vec<String>>>) {
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        received.push(byte);
    }
    let request = String::from_utf8(received).unwrap();
    let target = request.split_whitespace().nth(1).unwrap_or_default().to_owned();
    heard.lock().unwrap().push(request);
    let port = match answer {
        Answer::Closes => return,
        Answer::Says(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            return;
        }
        Answer::Through => target.rsplit(':').next().unwrap().parse().unwrap(),
        Answer::To(url) => Url::parse(&url).unwrap().port().unwrap(),
    };
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    pass_on(stream, port).await;
}

async fn pass_on(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, port: u16) {
    let mut onward = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut onward).await;
}

/// A SOCKS5 proxy that lets everybody in, and connects to this computer whatever the host.
pub(super) struct Socks {
    pub(super) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(socks(stream, Arc::clone(&notes)));
            }
        });
        Self { port, heard }
    }

    /// The hosts and ports asked for so far.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn socks(mut stream: TcpStream, heard: Arc<Mutex<Vec<String>>>) {
    // Version, and the ways to log in: none is needed.
    let [_, ways] = read::<2>(&mut stream).await;
    stream.read_exact(&mut vec![0; usize::from(ways)]).await.unwrap();
    stream.write_all(&[5, 0]).await.unwrap();
    let [_, _, _, kind] = read::<4>(&mut stream).await;
    let host = match kind {
        1 => std::net::Ipv4Addr::from(read::<4>(&mut stream).await).to_string(),
        4 => std::net::Ipv6Addr::from(read::<16>(&mut stream).await).to_string(),
        _ => {
            let length = stream.read_u8().await.unwrap();
            let mut name = vec![0; usize::from(length)];
            stream.read_exact(&mut name).await.unwrap();
            String::from_utf8(name).unwrap()
        }
    };
    let port = stream.read_u16().await.unwrap();
    heard.lock().unwrap().push(format!("{host}:{port}"));
    stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
    pass_on(stream, port).await;
}

async fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// TLS in front of a simulator, with a certificate for localhost of the authority in `ca.pem`; the port.
///
/// Both were made with `openssl ecparam`, `openssl req` and `openssl ca`, for these tests only.
pub(super) async fn tls_before(simulator: &Simulator) -> u16 {
    let certificate = CertificateDer::from(include_bytes!("server.cert.der").as_slice());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("server.key.der").as_slice()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let onward = Url::parse(&simulator.base_url()).unwrap().port().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    pass_on(stream, onward).await;
                }
            });
        }
    });
    port
}
