// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

//! A peer on rust-libp2p for the interoperability suite. ../README.md is the
//! contract it keeps; it refuses what stands not there with exit code 2.

mod dial;
mod listen;
mod node;
mod pattern;
mod serve;
mod streams;

use std::error::Error;
use std::process::exit;
use std::time::Duration;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What the caller can mend by other arguments.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

pub fn usage<T>(text: impl Into<String>) -> Result<T> {
    Err(Box::new(Usage(text.into())))
}

/// The command line, as given.
#[derive(Clone, Default)]
pub struct Options {
    pub transport: String,
    pub security: String,
    pub key: String,
    pub allow: Vec<String>,
    pub services: Vec<String>,
    pub addr: String,
    pub action: String,
    pub protocol: Option<String>,
    pub bytes: Option<u64>,
    pub count: Option<usize>,
    pub code: u8,
    pub timeout: Duration,
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value.parse().or_else(|_| usage(format!("{name} {value}: not a number")))
}

fn parse(args: &[String]) -> Result<(String, Options)> {
    let (command, rest) = match args.split_first() {
        Some((command, rest)) if command == "listen" || command == "dial" => (command, rest),
        _ => return usage("say listen or dial"),
    };
    let mut o = Options { transport: "tcp".into(), timeout: Duration::from_secs(30), ..Default::default() };
    for pair in rest.chunks(2) {
        let [name, value] = pair else { return usage(format!("{}: no value", pair[0])) };
        let text = value.clone();
        match (command.as_str(), name.as_str()) {
            (_, "--transport") => o.transport = text,
            (_, "--security") => o.security = text,
            (_, "--key") => o.key = text,
            ("listen", "--allow") => o.allow.push(text),
            ("listen", "--service") => o.services.push(text),
            ("dial", "--addr") => o.addr = text,
            ("dial", "--do") => o.action = text,
            ("dial", "--protocol") => o.protocol = Some(text),
            ("dial", "--bytes") => o.bytes = Some(number(name, value)?),
            ("dial", "--count") => o.count = Some(number(name, value)?),
            ("dial", "--code") => o.code = number(name, value)?,
            ("dial", "--timeout") => o.timeout = Duration::from_secs_f64(number(name, value)?),
            _ => return usage(format!("{name}: not an option of {command}")),
        }
    }
    Ok((command.clone(), o))
}

async fn run(args: &[String]) -> Result<bool> {
    let (command, options) = parse(args)?;
    match command.as_str() {
        "listen" => listen::listen(options).await.map(|()| true),
        _ => dial::dial(options).await,
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // exit() and no return: a read of standard input that is under way has no end.
    match run(&args).await {
        Ok(passed) => exit(i32::from(!passed)),
        Err(error) => {
            eprintln!("peer: {error}");
            exit(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}
