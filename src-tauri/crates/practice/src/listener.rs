//! Listener: loopback connections that can be refused, and cut off with a TCP reset.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::tls::Channel;

const BACKLOG: u32 = 1024;
/// What a connection cut midway doesn't get of an answer: too little to be its head.
const WITHHELD: usize = 16;

/// The one port, on 127.0.0.1.
pub(crate) struct Loopback {
    socket: Socket,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    is_wanted_shut: watch::Receiver<bool>,
    is_shut: watch::Sender<bool>,
}

enum Socket {
    Listening(TcpListener),
    /// Bound, so that nobody else gets the port, but not listening: connections are refused.
    Shut(#[expect(dead_code, reason = "held for its port")] TcpSocket),
    /// Between the two.
    Turning,
}

/// Shuts and opens the port.
pub(crate) struct Door {
    wish: watch::Sender<bool>,
    is_shut: watch::Receiver<bool>,
}

impl Door {
    /// Asks for connections to be refused, or accepted again.
    pub(crate) fn want_shut(&self, is_shut: bool) {
        self.wish.send_replace(is_shut);
    }

    /// Whether connections are to be refused.
    pub(crate) fn is_wanted_shut(&self) -> bool {
        *self.wish.borrow()
    }

    /// Returns when it is as it was last asked to be, or will never be again.
    pub(crate) async fn turned(&self) {
        let wanted = self.is_wanted_shut();
        let _ = self.is_shut.clone().wait_for(|is_shut| *is_shut == wanted).await;
    }
}

impl Loopback {
    /// Binds `port`, or any free port for 0.
    ///
    /// # Errors
    /// When the port is taken or may not be bound.
    pub(crate) async fn bind(port: u16, acceptor: Option<TlsAcceptor>) -> io::Result<(Self, Door)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (wish, is_wanted_shut) = watch::channel(false);
        let (is_shut, told) = watch::channel(false);
        let socket = Socket::Listening(listener);
        Ok((Self { socket, address, acceptor, is_wanted_shut, is_shut }, Door { wish, is_shut: told }))
    }

    /// Makes the socket what it is wanted to be.
    async fn turn(&mut self) {
        let is_wanted_shut = *self.is_wanted_shut.borrow_and_update();
        while matches!(self.socket, Socket::Shut(_)) != is_wanted_shut
            || matches!(self.socket, Socket::Turning)
        {
            // The old one goes first: a port is bound once.
            self.socket = Socket::Turning;
            match self.bound(is_wanted_shut) {
                Ok(socket) => self.socket = socket,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        self.is_shut.send_if_modified(|is_shut| std::mem::replace(is_shut, is_wanted_shut) != is_wanted_shut);
    }

    fn bound(&self, is_shut: bool) -> io::Result<Socket> {
        let socket = TcpSocket::new_v4()?;
        // Connections that were open may linger on the port.
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        Ok(if is_shut { Socket::Shut(socket) } else { Socket::Listening(socket.listen(BACKLOG)?) })
    }
}

impl Listener for Loopback {
    type Addr = SocketAddr;
    type Io = Wire;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            self.turn().await;
            let accepted = async {
                match &mut self.socket {
                    Socket::Listening(listener) => Listener::accept(listener).await,
                    Socket::Shut(_) | Socket::Turning => pending().await,
                }
            };
            let (stream, peer) = tokio::select! {
                accepted = accepted => accepted,
                changed = self.is_wanted_shut.changed() => match changed {
                    Ok(()) => continue,
                    // Nobody can want anything any more.
                    Err(_) => pending().await,
                },
            };
            let channel = match &self.acceptor {
                None => Channel::Plain(stream),
                Some(acceptor) => Channel::Greeting(Box::new(acceptor.accept(stream))),
            };
            return (Wire { channel, scissors: Scissors::default() }, peer);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Cuts the connection it belongs to.
#[derive(Clone, Default)]
pub(crate) struct Scissors(Arc<AtomicU8>);

const CUT_MIDWAY: u8 = 1;
const CUT: u8 = 2;

impl Scissors {
    /// Nothing more is written, and the peer sees a reset.
    pub(crate) fn cut(&self) {
        self.0.store(CUT, Ordering::SeqCst);
    }

    /// The same, but after most of the next answer.
    pub(crate) fn cut_midway(&self) {
        self.0.store(CUT_MIDWAY, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, Loopback>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Self {
        stream.io().scissors.clone()
    }
}

/// A connection with its scissors.
pub(crate) struct Wire {
    channel: Channel,
    scissors: Scissors,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if self.scissors.0.load(Ordering::SeqCst) == CUT {
            // Closing with no linger time makes the kernel send RST instead of FIN.
            self.channel.tcp().map_or(Ok(()), TcpStream::set_zero_linger)?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.get_mut().channel.poll_open(context))?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        let wire = self.get_mut();
        let is_last = wire.scissors.0.load(Ordering::SeqCst) == CUT_MIDWAY;
        let part = if is_last { &bytes[..bytes.len().saturating_sub(WITHHELD)] } else { bytes };
        let written = ready!(ready!(wire.channel.poll_open(context))?.poll_write(context, part))?;
        if is_last {
            wire.scissors.cut();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        ready!(self.get_mut().channel.poll_open(context))?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        ready!(self.get_mut().channel.poll_open(context))?.poll_shutdown(context)
    }
}
