//! The listener. The simulator can end its connections, or write to them directly, at any point of an answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use bytes::Buf as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections can be broken.
#[derive(Debug)]
pub(in crate::simulator) struct BreakableListener(pub(in crate::simulator) TcpListener);

/// A handle of one connection, given to the requests on it.
#[derive(Debug, Clone, Default)]
pub(in crate::simulator) struct Line(Arc<Mutex<Wire>>);

/// What happens to the bytes that the HTTP server writes.
#[derive(Debug, Default)]
enum Wire {
    /// They are sent.
    #[default]
    Open,
    /// They are dropped. The connection is closed.
    Closed,
    /// They are dropped. The connection ends with a TCP reset.
    Reset,
    /// These bytes are sent instead. Then the connection is closed.
    Instead(Bytes),
}

impl Line {
    /// Closes the connection normally. Nothing more is written to it.
    pub(in crate::simulator) fn close(&self) {
        *self.wire() = Wire::Closed;
    }

    /// Ends the connection with a TCP reset.
    pub(in crate::simulator) fn reset(&self) {
        *self.wire() = Wire::Reset;
    }

    /// Sends `bytes` instead of the HTTP server's next output. Then closes the connection.
    pub(in crate::simulator) fn say_instead(&self, bytes: Bytes) {
        *self.wire() = Wire::Instead(bytes);
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection.
#[derive(Debug)]
pub(in crate::simulator) struct Connection {
    stream: TcpStream,
    line: Line,
}

impl Connection {
    /// Ready when the HTTP server may write. An error when the connection has ended for it.
    fn may_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.line.wire();
        loop {
            match &mut *wire {
                Wire::Open => return Poll::Ready(Ok(())),
                Wire::Instead(bytes) if !bytes.is_empty() => {
                    let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
                    bytes.advance(written);
                }
                Wire::Closed | Wire::Reset | Wire::Instead(_) => {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
            }
        }
    }

    fn is_to_be_reset(&self) -> bool {
        matches!(&*self.line.wire(), Wire::Reset)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_to_be_reset() {
            // Makes closing send RST instead of FIN. If this fails, the connection is closed normally.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl Listener for BreakableListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Without `TCP_NODELAY` small answers wait for the client's acknowledgement. A failure only costs
                    // time.
                    let _ = stream.set_nodelay(true);
                    return (Connection { stream, line: Line::default() }, address);
                }
                // For example too many open files. Other connections may be closed soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, BreakableListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.may_write(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.may_write(context))?;
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.may_write(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_to_be_reset() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
