// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! dial: connects, plays one case, prints one result line.

use std::io::{stderr, stdout};
use std::time::{Duration, Instant};

use futures::future::{join_all, try_join_all};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId, identify};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::time::timeout;

use crate::node::{Event, Node, commands, describe_info, emit, extend, print};
use crate::pattern::{Stream, receive, send, send_all, sum_of};
use crate::serve::Service;
use crate::streams::OpenError;
use crate::{Options, Result, usage};

/// name, protocol, bytes, count
const CASES: &[(&str, &str, u64, usize)] = &[
    ("ping", "", 0, 5),
    ("identify", "", 0, 0),
    ("push", "", 0, 0),
    ("await-push", "", 0, 0),
    ("echo", "/echo/1.0.0", 65536, 0),
    ("half-close", "/echo/1.0.0", 4096, 0),
    ("early", "/echo/1.0.0", 65536, 0),
    ("parallel", "", 65536, 100),
    ("burst", "", 64, 1500),
    ("crowd", "", 64, 1000),
    ("idle", "", 64, 40),
    ("sequential", "", 64, 1000),
    ("sink", "", 65536, 0),
    ("source", "", 65536, 0),
    ("reset", "/reset/1.0.0", 0, 0),
    ("unsupported", "/nobody/serves/this/1.0.0", 0, 0),
    ("expect-refused", "", 0, 0),
    ("copy", "", 0, 0),
];

/// One dial; result collects the members of its line.
struct Dial {
    node: Node,
    peer: PeerId,
    addr: Multiaddr,
    protocol: String,
    bytes: u64,
    count: usize,
    code: u8,
    connected: bool,
    result: Value,
}

pub async fn dial(options: Options) -> Result<bool> {
    let Some(&(name, protocol, bytes, count)) = CASES.iter().find(|case| case.0 == options.action) else {
        return usage(format!("--do {}: no such case", options.action));
    };
    let (peer, addr) = parse_addr(&options.addr)?;
    let pings = matches!(name, "ping" | "unsupported" | "expect-refused");
    let ping_every = if pings { Duration::from_millis(10) } else { Duration::from_secs(15) };
    let mut dial = Dial {
        node: Node::new(&options, false, ping_every)?,
        peer,
        addr,
        protocol: options.protocol.unwrap_or(protocol.into()),
        bytes: options.bytes.unwrap_or(bytes),
        count: options.count.unwrap_or(count),
        code: options.code,
        connected: false,
        result: json!({"do": name}),
    };
    let passed = match timeout(options.timeout, dial.run(name)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => dial.note(json!({"error": error.to_string()})),
        Err(_) => dial.note(json!({"error": "time is up"})),
    };
    dial.note(json!({"ok": passed}));
    if name == "copy" {
        print(stderr(), &dial.result)
    } else {
        print(stdout(), &dial.result)
    }
    dial.node.close().await;
    Ok(passed)
}

fn parse_addr(text: &str) -> Result<(PeerId, Multiaddr)> {
    let mut addr: Multiaddr = text.parse().or_else(|_| usage(format!("--addr {text}: not a multiaddr")))?;
    match addr.pop() {
        Some(Protocol::P2p(peer)) => Ok((peer, addr)),
        _ => usage(format!("--addr {text}: does not end in /p2p/PEERID")),
    }
}

fn fail<T>(text: impl Into<String>) -> Result<T> {
    Err(text.into().into())
}

impl Dial {
    /// Always false, for it is how a failure is told.
    fn note(&mut self, members: Value) -> bool {
        extend(&mut self.result, members);
        false
    }

    async fn run(&mut self, name: &str) -> Result<()> {
        match name {
            "ping" => self.ping().await,
            "identify" => self.identify().await,
            "push" => self.push().await,
            "await-push" => self.await_push().await,
            "echo" | "early" => self.echo().await,
            "half-close" => self.half_close().await,
            "parallel" => self.parallel().await,
            "burst" => self.burst().await,
            "crowd" => self.crowd().await,
            "idle" => self.idle().await,
            "sequential" => self.sequential().await,
            "sink" => self.sink().await,
            "source" => self.source().await,
            "reset" => self.reset().await,
            "unsupported" => self.unsupported().await,
            "expect-refused" => self.expect_refused().await,
            _ => self.copy().await,
        }
    }

    async fn next_event(&mut self) -> Result<Event> {
        match self.node.events.recv().await {
            Some(Event::Disconnected(_, why)) => fail(format!("disconnected: {why}")),
            Some(Event::NotConnected(why)) => fail(format!("not connected: {why}")),
            Some(event) => Ok(event),
            None => fail("the node is gone"),
        }
    }

    async fn connect(&mut self) -> Result<()> {
        if self.connected {
            return Ok(());
        }
        self.node.dial(self.peer, self.addr.clone());
        loop {
            if let Event::Connected(description) = self.next_event().await? {
                self.connected = true;
                self.note(description);
                return Ok(());
            }
        }
    }

    async fn open(&mut self, id: &str) -> Result<Stream> {
        self.connect().await?;
        Ok(self.node.open(self.peer, id).await?)
    }

    async fn next_ping(&mut self) -> Result<Duration> {
        loop {
            if let Event::Pinged(rtt) = self.next_event().await? {
                return Ok(rtt);
            }
        }
    }

    async fn ping(&mut self) -> Result<()> {
        self.connect().await?;
        let mut rtts = vec![];
        for _ in 0..self.count {
            rtts.push(self.next_ping().await?.as_nanos() as f64 / 1000.0);
        }
        self.note(json!({"rtts_us": rtts}));
        Ok(())
    }

    async fn next_identity(&mut self) -> Result<identify::Info> {
        self.connect().await?;
        loop {
            if let Event::Identified(_, info) = self.next_event().await? {
                return Ok(info);
            }
        }
    }

    async fn identify(&mut self) -> Result<()> {
        let info = self.next_identity().await?;
        let description = describe_info(&self.peer, &info);
        self.note(description);
        Ok(())
    }

    async fn push(&mut self) -> Result<()> {
        let info = self.next_identity().await?;
        let mut lines = commands()?;
        emit("connected", describe_info(&self.peer, &info));
        while let Some(line) = lines.recv().await {
            if let Some(id) = line.strip_prefix("protocol ") {
                self.node.serve(id, Service::Echo)?;
            }
        }
        Ok(())
    }

    async fn await_push(&mut self) -> Result<()> {
        let wanted = |info: &identify::Info, id: &str| info.protocols.iter().any(|it| it.as_ref() == id);
        let mut info = self.next_identity().await?;
        if wanted(&info, &self.protocol) {
            return fail(format!("identify announced {} already", self.protocol));
        }
        emit("connected", describe_info(&self.peer, &info));
        while !wanted(&info, &self.protocol) {
            info = self.next_identity().await?;
        }
        let protocols = describe_info(&self.peer, &info)["protocols"].take();
        self.note(json!({"protocols": protocols}));
        Ok(())
    }

    /// Checks what came back against the pattern and notes the figures.
    fn received(&mut self, bytes: u64, sum: String, start: Instant) -> Result<()> {
        self.note(json!({"bytes": bytes, "sha256": sum, "seconds": start.elapsed().as_secs_f64()}));
        if bytes != self.bytes {
            return fail(format!("{bytes} bytes came instead of {}", self.bytes));
        }
        if sum != sum_of(self.bytes) {
            return fail("other bytes came than expected");
        }
        Ok(())
    }

    async fn echo(&mut self) -> Result<()> {
        let stream = self.open(&self.protocol.clone()).await?;
        let start = Instant::now();
        let (bytes, sum) = exchange(stream, &[], self.bytes).await?;
        self.received(bytes, sum, start)
    }

    async fn half_close(&mut self) -> Result<()> {
        let mut stream = self.open(&self.protocol.clone()).await?;
        let start = Instant::now();
        send_all(&mut stream, 0, self.bytes).await?;
        let (bytes, sum) = receive(&mut stream, &[]).await?;
        self.received(bytes, sum, start)
    }

    /// Holds every stream open after its first byte until all have theirs.
    async fn parallel(&mut self) -> Result<()> {
        self.connect().await?;
        let start = Instant::now();
        let opened = join_all((0..self.count).map(|_| self.first_byte())).await;
        let opened: Vec<(Stream, u8)> = opened.into_iter().collect::<Result<_>>()?;
        let all = opened.into_iter().map(|(stream, first)| exchange_checked(stream, first, self.bytes));
        try_join_all(all).await?;
        let bytes = self.bytes * self.count as u64;
        self.note(json!({"streams": self.count, "bytes": bytes, "seconds": start.elapsed().as_secs_f64()}));
        Ok(())
    }

    async fn first_byte(&self) -> Result<(Stream, u8)> {
        let mut stream = self.node.open(self.peer, "/echo/1.0.0").await?;
        send(&mut stream, 0, 1).await?;
        let first = stream.read_u8().await?;
        Ok((stream, first))
    }

    /// As many at once, each of which goes on as soon as it can.
    async fn burst(&mut self) -> Result<()> {
        self.connect().await?;
        let start = Instant::now();
        let all = (0..self.count).map(|_| async {
            let (stream, first) = self.first_byte().await?;
            exchange_checked(stream, first, self.bytes).await
        });
        try_join_all(all).await?;
        let bytes = self.bytes * self.count as u64;
        self.note(json!({"streams": self.count, "bytes": bytes, "seconds": start.elapsed().as_secs_f64()}));
        Ok(())
    }

    /// Opens streams until one is refused; the others must not be hurt.
    async fn crowd(&mut self) -> Result<()> {
        self.connect().await?;
        let mut held = vec![];
        let refusal = loop {
            match self.first_byte().await {
                Ok(opened) if held.len() < self.count => held.push(opened),
                Ok(_) => return fail("no stream was refused"),
                Err(error) => break error,
            }
        };
        self.note(json!({"streams": held.len(), "refusal": refusal.to_string()}));
        for (stream, first) in held {
            exchange_checked(stream, first, self.bytes).await?;
        }
        let (stream, first) = self.first_byte().await?;
        exchange_checked(stream, first, self.bytes).await
    }

    /// Leaves a stream alone for count seconds.
    async fn idle(&mut self) -> Result<()> {
        self.connect().await?;
        let (stream, first) = self.first_byte().await?;
        tokio::time::sleep(Duration::from_secs(self.count as u64)).await;
        exchange_checked(stream, first, self.bytes).await
    }

    /// One stream after the other, each when the last has ended.
    async fn sequential(&mut self) -> Result<()> {
        let start = Instant::now();
        for i in 1..=self.count {
            let stream = self.open("/echo/1.0.0").await?;
            let (bytes, sum) = exchange(stream, &[], self.bytes).await?;
            if bytes != self.bytes || sum != sum_of(self.bytes) {
                return fail(format!("stream {i} returned {bytes} bytes with hash {sum}"));
            }
            self.note(json!({"streams": i, "bytes": self.bytes * i as u64}));
        }
        self.note(json!({"seconds": start.elapsed().as_secs_f64()}));
        Ok(())
    }

    async fn sink(&mut self) -> Result<()> {
        let mut stream = self.open("/sink/1.0.0").await?;
        let start = Instant::now();
        send_all(&mut stream, 0, self.bytes).await?;
        let mut answer = String::new();
        (&mut stream).take(1024).read_to_string(&mut answer).await?;
        match answer.strip_suffix('\n') {
            Some(sum) => self.received(self.bytes, sum.into(), start),
            None => fail(format!("the answer is no line: {answer:?}")),
        }
    }

    async fn source(&mut self) -> Result<()> {
        let mut stream = self.open("/source/1.0.0").await?;
        let start = Instant::now();
        stream.write_u64(self.bytes).await?;
        stream.shutdown().await?;
        let (bytes, sum) = receive(&mut stream, &[]).await?;
        self.received(bytes, sum, start)
    }

    /// yamux reads an end where the stream was reset; only there is writing over too.
    async fn reset(&mut self) -> Result<()> {
        let opened = self.open(&self.protocol.clone()).await;
        let met = async {
            let mut stream = opened?;
            stream.write_u8(self.code).await?;
            stream.flush().await?;
            receive(&mut stream, &[]).await?;
            stream.write_u8(0).await?;
            stream.flush().await?;
            Ok(())
        };
        let met: Result<()> = met.await;
        let Err(error) = met else { return fail("the stream ended") };
        let words = error.to_string();
        if words.contains("does not serve") || words.contains("connected") {
            return Err(error);
        }
        if let Some(code) = words.strip_prefix("stream reset by peer: error ").and_then(|code| code.parse::<u64>().ok())
        {
            self.note(json!({"code": code}));
        }
        self.note(json!({"reset": words}));
        Ok(())
    }

    async fn unsupported(&mut self) -> Result<()> {
        self.connect().await?;
        match self.node.open(self.peer, &self.protocol).await {
            Ok(_) => return fail("the stream was opened"),
            Err(error @ OpenError::Failed(_)) => return Err(error.into()),
            Err(error) => self.note(json!({"refusal": error.to_string()})),
        };
        while self.node.events.try_recv().is_ok() {}
        self.next_ping().await.map(|_| ())
    }

    async fn expect_refused(&mut self) -> Result<()> {
        let met = async {
            self.connect().await?;
            self.next_ping().await
        };
        let Err(error) = met.await else { return fail("the peer answered a ping") };
        let words = error.to_string();
        if words.contains("ConnectionRefused") || words.contains("HandshakeTimedOut") {
            return fail(format!("nobody listens: {words}"));
        }
        self.note(json!({"refusal": words}));
        Ok(())
    }

    async fn copy(&mut self) -> Result<()> {
        let stream = self.open(&self.protocol.clone()).await?;
        let (mut from, mut to) = split(stream);
        tokio::spawn(async move {
            tokio::io::copy(&mut tokio::io::stdin(), &mut to).await?;
            to.shutdown().await
        });
        let mut out = tokio::io::stdout();
        let bytes = tokio::io::copy(&mut from, &mut out).await?;
        out.flush().await?;
        self.note(json!({"bytes": bytes}));
        Ok(())
    }
}

/// Sends what of the pattern is left after first, and reads to the end meanwhile.
async fn exchange(stream: Stream, first: &[u8], bytes: u64) -> std::io::Result<(u64, String)> {
    let (mut from, mut to) = split(stream);
    let (_, received) = tokio::try_join!(send_all(&mut to, first.len() as u64, bytes), receive(&mut from, first))?;
    Ok(received)
}

async fn exchange_checked(stream: Stream, first: u8, bytes: u64) -> Result<()> {
    let (n, sum) = exchange(stream, &[first], bytes).await?;
    if n != bytes || sum != sum_of(bytes) {
        return fail(format!("a stream returned {n} bytes with hash {sum}"));
    }
    Ok(())
}
