//! Takes connections, but not more than the daemon can bear.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at a time; more wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 64;

/// Serves `router` until `shutdown` comes, and lets answers that are under way finish.
///
/// # Errors
/// Where the listener itself fails.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let bounded = Bounded { listener, room: Arc::new(Semaphore::new(MOST_CONNECTIONS)) };
    axum::serve(bounded, router.into_make_service_with_connect_info::<Peer>()).with_graceful_shutdown(shutdown).await
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

struct Bounded {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed.
        let room = self.room.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Connection { stream, _room: room }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that gives its room back when it closes.
struct Connection {
    stream: TcpStream,
    _room: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::controller::{Health, Metrics};
    use crate::server::router;

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn says_alive_ready_and_what_it_counts() {
        let (metrics, health) = (Arc::new(Metrics::default()), Arc::new(Health::default()));
        health.set("catalog", "sweep", Some("has not been looked at yet".to_owned()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, router(metrics, health.clone(), None, None), async {
            let _ = stopped.await;
        }));

        let alive = ask(address, "GET /healthz HTTP/1.1").await;
        assert!(alive.starts_with("HTTP/1.1 200") && alive.ends_with("alive\n"), "{alive}");
        for header in ["x-content-type-options: nosniff", "x-frame-options: DENY", "content-security-policy: default-src 'none'"]
        {
            assert!(alive.contains(header), "{header} in {alive}");
        }

        let waiting = ask(address, "GET /readyz HTTP/1.1").await;
        assert!(waiting.starts_with("HTTP/1.1 503") && waiting.contains("catalog: has not been looked at yet"), "{waiting}");
        health.set("catalog", "sweep", None);
        assert!(ask(address, "GET /readyz HTTP/1.1").await.starts_with("HTTP/1.1 200"));

        let counted = ask(address, "GET /metrics HTTP/1.1").await;
        assert!(counted.contains("portcullis_queue_depth 0") && counted.ends_with("# EOF\n"), "{counted}");

        assert!(ask(address, "GET /debug HTTP/1.1").await.starts_with("HTTP/1.1 404"));
        assert!(ask(address, "POST /healthz HTTP/1.1").await.starts_with("HTTP/1.1 405"));
        // Nobody receives.
        let unreceived = ask(address, "POST /webhooks/github HTTP/1.1\r\nContent-Length: 99999").await;
        assert!(unreceived.starts_with("HTTP/1.1 404"), "{unreceived}");
        assert!(ask(address, "GET /healthz HTTP/1.1\r\nContent-Length: 99999").await.starts_with("HTTP/1.1 413"));

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
