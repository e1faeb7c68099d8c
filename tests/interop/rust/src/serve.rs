// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! What a listener does with the streams of each protocol.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pattern::{Stream, receive, send};

#[derive(Clone, Debug)]
pub enum Service {
    Echo,
    Sink,
    Source,
    Reset,
    /// Connects to this HOST:PORT.
    Tcp(String),
}

/// The stream is closed when its service is done, and dropped when that fails.
pub async fn serve(service: Service, mut stream: Stream) {
    let served = match service {
        Service::Echo => echo(&mut stream).await,
        Service::Sink => sink(&mut stream).await,
        Service::Source => source(&mut stream).await,
        Service::Reset => reset(&mut stream).await,
        Service::Tcp(target) => connect_to(&mut stream, &target).await,
    };
    if served.is_ok() {
        let _ = stream.shutdown().await;
    }
}

async fn echo(stream: &mut Stream) -> io::Result<()> {
    let mut chunk = vec![0; 65536];
    loop {
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            n => {
                stream.write_all(&chunk[..n]).await?;
                stream.flush().await?;
            }
        }
    }
}

async fn sink(stream: &mut Stream) -> io::Result<()> {
    let (_, sum) = receive(stream, &[]).await?;
    stream.write_all(format!("{sum}\n").as_bytes()).await
}

async fn source(stream: &mut Stream) -> io::Result<()> {
    let count = stream.read_u64().await?;
    send(stream, 0, count).await
}

async fn reset(stream: &mut Stream) -> io::Result<()> {
    stream.read_u8().await?;
    Err(io::Error::other("this protocol always resets"))
}

async fn connect_to(stream: &mut Stream, target: &str) -> io::Result<()> {
    let mut socket = TcpStream::connect(target).await?;
    tokio::io::copy_bidirectional(stream, &mut socket).await.map(|_| ())
}
