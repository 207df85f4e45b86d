//! The server: connections of this machine, each with limits of size and time.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, Semaphore};
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::routes::{Desk, answer};
use super::table::Table;
use crate::error::{Error, Result};

/// Connections at a time; others wait.
const MOST_CONNECTIONS: usize = 32;

/// Headers of a request at most, and bytes of all of them.
const MOST_HEADERS: usize = 64;
const MOST_HEADER_BYTES: usize = 16 << 10;

/// How long the headers of a request may take to arrive.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// How long a connection may stand without a request being answered: idle, or not reading its answer.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// How long requests at work may take to end when the server is stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// A device shown to the browsers of this machine.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    desk: Desk,
    stop: Stopper,
    // Behind the listener, which must go first.
    runtime: Runtime,
}

/// Stops a [`Server`] from another thread.
#[derive(Clone, Default)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Lets [`Server::run`] return.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

impl Server {
    /// Takes `port` of 127.0.0.1, or any free one if it is 0, for `table`.
    ///
    /// # Errors
    /// [`Error::Io`] when the port is taken, or the operating system refuses.
    pub fn bind(table: Table, port: u16) -> Result<Self> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let refused = |source| Error::io("listen at", Path::new(&wanted.to_string()), source);
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // The table works on one thing at a time; the others wait for it.
            .max_blocking_threads(MOST_CONNECTIONS)
            .build()
            .map_err(refused)?;
        let listener = runtime.block_on(TcpListener::bind(wanted)).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Server {
            listener,
            address,
            desk: Desk::new(table, address.port()),
            stop: Stopper::default(),
            runtime,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        self.stop.clone()
    }

    /// Answers until it is stopped.
    pub fn run(self) {
        let Server { listener, desk, stop, runtime, .. } = self;
        let desk = Rc::new(desk);
        let tasks = LocalSet::new();
        runtime.block_on(tasks.run_until(async {
            tokio::select! {
                () = accept(listener, desk) => (),
                () = stop.0.notified() => (),
            }
        }));
        // Connections are dropped here; a frame at work may end.
        drop(tasks);
        runtime.shutdown_timeout(FAREWELL);
    }
}

async fn accept(listener: TcpListener, desk: Rc<Desk>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let desk = Rc::clone(&desk);
                tokio::task::spawn_local(async move {
                    serve(stream, desk).await;
                    drop(place);
                });
            }
            // Out of file descriptors, or a connection that is gone already: the next one may do.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, desk: Rc<Desk>) {
    // Frames are large and awaited: no waiting for more.
    let _ = stream.set_nodelay(true);
    // None while a request is at work.
    let idle_since = Rc::new(Cell::new(Some(Instant::now())));
    let idle = Rc::clone(&idle_since);
    let service = service_fn(move |request| {
        let (desk, idle) = (Rc::clone(&desk), Rc::clone(&idle));
        idle.set(None);
        async move {
            let response = answer(request, &desk).await;
            idle.set(Some(Instant::now()));
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        // Who has said all may still listen.
        .half_close(true)
        .max_headers(MOST_HEADERS)
        .max_buf_size(MOST_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let watch = async {
        loop {
            let end = idle_since.get().map(|since| since + IDLE_TIME);
            match end {
                Some(end) if end <= Instant::now() => return,
                Some(end) => tokio::time::sleep_until(end).await,
                None => tokio::time::sleep(IDLE_TIME).await,
            }
        }
    };
    tokio::select! {
        // What ends a connection is told to its client by hyper, if to anybody.
        _ = connection => (),
        () = watch => (),
    }
}
