// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// A peer on go-libp2p for the interoperability suite. ../README.md is the
// contract it keeps; it refuses what stands not there with exit code 2.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// usageError is one the caller can mend by other arguments.
type usageError struct{ error }

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func run(args []string) (passed bool, err error) {
	if len(args) == 0 {
		return false, usageError{errors.New("say listen, relay, dial, autonat, tunnel-listen or tunnel-dial")}
	}
	var s stack
	var allow, services list
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.security, "security", "", "tls or noise")
	flags.StringVar(&s.transport, "transport", "tcp", "tcp, quic, ws or wss")
	flags.StringVar(&s.key, "key", "", "seed in hex")
	flags.StringVar(&s.at, "at", "", "multiaddr to listen on")
	flags.BoolVar(&s.punches, "punch", false, "upgrade relayed connections to direct ones")
	flags.Var(&allow, "allow", "peer ID to let in")
	flags.Var(&services, "service", "NAME=HOST:PORT")
	var r relaying
	flags.StringVar(&r.at, "relay", "", "multiaddr of the relay to reserve at")
	flags.IntVar(&r.ttl, "ttl", 0, "seconds of a reservation")
	var c checking
	flags.StringVar(&c.address, "check", "", "multiaddr to ask about")
	addr := flags.String("addr", "", "multiaddr to dial")
	do := flags.String("do", "", "case")
	id := flags.String("protocol", "", "protocol ID")
	size := flags.Int64("bytes", -1, "bytes to move")
	count := flags.Int("count", 0, "pings or streams")
	code := flags.Uint("code", 0, "code of a reset")
	timeout := flags.Float64("timeout", 30, "seconds")
	target := flags.String("target", "", "where the tunnel leads")
	local := flags.String("local", "127.0.0.1:0", "where the tunnel begins")
	if err := flags.Parse(args[1:]); err != nil {
		return false, usageError{err}
	}
	if flags.NArg() > 0 {
		return false, usageError{fmt.Errorf("%s: not an option", flags.Arg(0))}
	}
	if s.security != "tls" && s.security != "noise" && s.transport != "quic" {
		return false, usageError{errors.New("--security must be tls or noise")}
	}
	if s.transport != "tcp" && s.transport != "quic" && !s.overWeb() {
		return false, usageError{errors.New("--transport must be tcp, quic, ws or wss")}
	}
	switch args[0] {
	case "listen":
		return true, listen(s, allow, services, r)
	case "relay":
		r.serves, r.bytes, r.seconds = true, max(*size, 0), int64(*count)
		return true, listen(s, allow, services, r)
	case "dial":
		asked := wanted{addr: *addr, name: *do, protocol: *id, bytes: *size, count: *count, code: *code}
		return dial(s, asked, time.Duration(*timeout*float64(time.Second)))
	case "autonat":
		c.server = *addr
		return autonat(s, c, time.Duration(*timeout*float64(time.Second)))
	case "tunnel-listen":
		return true, tunnelListen(s, *target)
	case "tunnel-dial":
		return true, tunnelDial(s, *addr, *local)
	}
	return false, usageError{fmt.Errorf("%s: no such command", args[0])}
}

func main() {
	passed, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		if errors.As(err, new(usageError)) {
			os.Exit(2)
		}
	}
	if err != nil || !passed {
		os.Exit(1)
	}
}
