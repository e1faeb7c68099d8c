// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! The bytes that bulk cases send (README.md, "The pattern"), and streams as the
//! cases want them.

use std::io;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::compat::Compat;

/// A stream with the traits of tokio. Dropping one that is not closed resets it
/// over yamux; over QUIC rust-libp2p has no reset, and the stream ends.
pub type Stream = Compat<libp2p::Stream>;

const PERIOD: usize = 65521;
const CHUNK: usize = 65536;

fn pattern() -> &'static [u8] {
    static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();
    PATTERN.get_or_init(|| {
        let mut block: Vec<u8> = (0u32..).take(PERIOD / 32 + 1).flat_map(|i| Sha256::digest(i.to_be_bytes())).collect();
        block.truncate(PERIOD);
        block
    })
}

/// The pieces of the pattern from offset on that make up n bytes.
fn pieces(mut offset: u64, mut n: u64) -> impl Iterator<Item = &'static [u8]> {
    std::iter::from_fn(move || {
        let rest = &pattern()[(offset % PERIOD as u64) as usize..];
        let piece = &rest[..rest.len().min(usize::try_from(n).unwrap_or(usize::MAX))];
        offset += piece.len() as u64;
        n -= piece.len() as u64;
        (!piece.is_empty()).then_some(piece)
    })
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sum_of(n: u64) -> String {
    hex(pieces(0, n).fold(Sha256::new(), |hash, piece| hash.chain_update(piece)))
}

pub async fn send(stream: &mut (impl AsyncWrite + Unpin), offset: u64, n: u64) -> io::Result<()> {
    for piece in pieces(offset, n) {
        stream.write_all(piece).await?;
    }
    stream.flush().await
}

/// Sends the pattern from offset up to end, and half-closes.
pub async fn send_all(stream: &mut (impl AsyncWrite + Unpin), offset: u64, end: u64) -> io::Result<()> {
    send(stream, offset, end.saturating_sub(offset)).await?;
    stream.shutdown().await
}

/// Reads to the end: how many bytes there were, and their hash. start are bytes read before.
pub async fn receive(stream: &mut (impl AsyncRead + Unpin), start: &[u8]) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new_with_prefix(start);
    let mut total = start.len() as u64;
    let mut chunk = vec![0; CHUNK];
    loop {
        match stream.read(&mut chunk).await? {
            0 => return Ok((total, hex(hash))),
            n => {
                hash.update(&chunk[..n]);
                total += n as u64;
            }
        }
    }
}
