// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// What all commands share: the host on the one stack the arguments name, and
// the lines on standard output.

package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

// stack is what decides how a host speaks and who it is.
type stack struct {
	security, transport, key string
	at                       string // where to listen; "": an unused loopback port
	punches                  bool   // upgrades relayed connections to direct ones
}

// newHost makes a host that offers exactly one way to connect. It listens on an
// unused loopback port, or where it was told, if listen is set. gater may be nil.
func (s stack) newHost(listen bool, gater connmgr.ConnectionGater, extra ...libp2p.Option) (host.Host, error) {
	seed, err := hex.DecodeString(s.key)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, usageError{fmt.Errorf("--key must be %d bytes in hex", ed25519.SeedSize)}
	}
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		return nil, err
	}
	options := []libp2p.Option{
		libp2p.Identity(key),
		libp2p.UserAgent("go-libp2p/" + libp2pVersion()),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.ConnectionGater(gater),
		libp2p.EnableRelay(),
		libp2p.DisableMetrics(),
	}
	if s.security == "tls" {
		options = append(options, libp2p.Security(libp2ptls.ID, libp2ptls.New))
	} else {
		options = append(options, libp2p.Security(noise.ID, noise.New))
	}
	address := "/ip4/127.0.0.1/tcp/0"
	if s.transport == "quic" {
		options = append(options, libp2p.Transport(libp2pquic.NewTransport))
		address = "/ip4/127.0.0.1/udp/0/quic-v1"
	} else if s.overWeb() {
		transport, err := s.webTransport()
		if err != nil {
			return nil, err
		}
		options = append(options, transport)
		address += "/" + s.transport
	} else {
		options = append(options, libp2p.Transport(tcp.NewTCPTransport))
	}
	if s.at != "" {
		address = s.at
	}
	if s.punches {
		options = append(options, libp2p.EnableHolePunching())
	}
	if listen {
		options = append(options, libp2p.ListenAddrStrings(address))
	} else {
		options = append(options, libp2p.NoListenAddrs)
	}
	return libp2p.New(append(options, extra...)...)
}

func libp2pVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/libp2p/go-libp2p" {
				return m.Version[1:]
			}
		}
	}
	return "unknown"
}

// fullAddrs is where the host can be dialed, peer ID included.
func fullAddrs(h host.Host) []string {
	addrs := []string{}
	for _, a := range h.Addrs() {
		addrs = append(addrs, a.String()+"/p2p/"+h.ID().String())
	}
	return addrs
}

// members are those of one JSON object.
type members map[string]any

var outputLock sync.Mutex

func emitTo(f *os.File, m members) {
	outputLock.Lock()
	defer outputLock.Unlock()
	encoder := json.NewEncoder(f)
	encoder.SetEscapeHTML(false)
	encoder.Encode(m)
}

func emit(event string, m members) {
	if m == nil {
		m = members{}
	}
	m["event"] = event
	emitTo(os.Stdout, m)
}

// untilQuit calls command with each line of standard input and returns at the
// line "quit", at end of file, at SIGTERM or when ctx is done. It calls ready
// when it heeds signals: what ready prints may be answered by one.
func untilQuit(ctx context.Context, ready func(), command func(line string)) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ready()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for {
		select {
		case line, more := <-lines:
			if !more || line == "quit" {
				return
			}
			command(line)
		case <-ctx.Done():
			return
		}
	}
}

var errTime = errors.New("time is up")
