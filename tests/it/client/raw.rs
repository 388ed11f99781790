//! Servers that speak HTTP by hand, for what a proper server cannot be made to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A server on a free port of this computer; it ends when this is dropped.
pub(super) struct Raw {
    pub(super) url: String,
    connections: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Raw {
    /// Answers connection number n with reply number n, the last one again and again, and closes each.
    pub(super) async fn replying(replies: Vec<Vec<u8>>) -> Self {
        Self::serve(move |number, mut stream| {
            let reply = replies[number.min(replies.len() - 1)].clone();
            async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(&reply).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Answers `[]`, each request once `places` gives it a permit; `arrived` gets one when a request is there.
    pub(super) async fn holding(arrived: Arc<Semaphore>, places: Arc<Semaphore>) -> Self {
        Self::serve(move |_, mut stream| {
            let (arrived, places) = (Arc::clone(&arrived), Arc::clone(&places));
            async move {
                while read_head(&mut stream).await {
                    arrived.add_permits(1);
                    places.acquire().await.unwrap().forget();
                    let _ = stream.write_all(&keep_alive("[]")).await;
                }
            }
        })
        .await
    }

    /// Answers `[]` after a moment; `most` is the largest number of requests that were in it together.
    pub(super) async fn counting(most: Arc<AtomicUsize>) -> Self {
        let present = Arc::new(AtomicUsize::new(0));
        Self::serve(move |_, mut stream| {
            let (present, most) = (Arc::clone(&present), Arc::clone(&most));
            async move {
                while read_head(&mut stream).await {
                    most.fetch_max(present.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
                    present.fetch_sub(1, Ordering::SeqCst);
                    let _ = stream.write_all(&keep_alive("[]")).await;
                }
            }
        })
        .await
    }

    /// Says `greeting` to each connection before it has heard anything.
    pub(super) async fn speaking_first(greeting: &'static str) -> Self {
        Self::serve(move |_, mut stream| async move {
            let _ = stream.write_all(greeting.as_bytes()).await;
            let mut heard = Vec::new();
            let _ = stream.read_to_end(&mut heard).await;
        })
        .await
    }

    /// Ends the server; from here on its port refuses connections.
    pub(super) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    async fn serve<F, R>(handler: F) -> Self
    where
        F: Fn(usize, TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut handlers = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                handlers.spawn(handler(counter.fetch_add(1, Ordering::SeqCst), stream));
            }
        });
        Self { url, connections, tasks }
    }
}

/// Reads to the end of a request's head; false when the client has gone.
async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

fn keep_alive(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

/// An answer 200 with JSON that says it is `length` bytes long.
pub(super) fn json_of_length(body: &str, length: usize) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into()
}

/// An answer 200 with JSON.
pub(super) fn json(body: &str) -> Vec<u8> {
    json_of_length(body, body.len())
}

/// An answer 200 whose body is `gzip`.
pub(super) fn gzipped(gzip: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        gzip.len()
    );
    [head.as_bytes(), gzip].concat()
}

const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// `text` as gzip, stored without compression.
pub(super) fn gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut crc = !0_u32;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    let mut out = GZIP_HEAD.to_vec();
    out.push(1); // the last block, stored
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(text.as_bytes());
    out.extend((!crc).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

/// Gzip that becomes `[` and `runs` times 2,064 more of them, in 13 bytes each; it has no end.
pub(super) fn bomb(runs: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut push = |value: u32, count: u32| (0..count).for_each(|bit| bits.push(value >> bit & 1 == 1));
    push(0b011, 3); // the last block, with the fixed code
    push(u32::from(b'[' + 0x30).reverse_bits() >> 24, 8);
    for _ in 0..runs * 8 {
        push(0b1100_0101_u32.reverse_bits() >> 24, 8); // a copy of length 258
        push(0, 5); // from one byte back
    }
    let bytes = bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit)));
    GZIP_HEAD.into_iter().chain(bytes).collect()
}
