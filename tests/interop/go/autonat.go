// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// AutoNAT v2, both sides of it: as every go-libp2p host serves it, and one question to a server.

package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	ma "github.com/multiformats/go-multiaddr"
)

// checking is what is asked, and of whom.
type checking struct {
	server  string // "": this is one
	address string
}

func autonat(s stack, c checking, timeout time.Duration) (passed bool, err error) {
	var extra []libp2p.Option
	if c.server == "" {
		// A server dials over UDP once it has seen its own dials work; this one has none.
		extra = append(extra, libp2p.EnableAutoNATv2(), libp2p.UDPBlackHoleSuccessCounter(nil))
	}
	h, err := s.newHost(true, nil, extra...)
	if err != nil {
		return false, err
	}
	defer h.Close()
	if c.server == "" {
		untilQuit(context.Background(), func() { announce(h) }, func(string) {})
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	verdict, err := ask(ctx, h, c)
	result := members{"do": "autonat", "ok": err == nil, "verdict": verdict}
	if err != nil {
		result["error"] = err.Error()
	}
	emitTo(os.Stdout, result)
	return err == nil, nil
}

func ask(ctx context.Context, h host.Host, c checking) (verdict string, err error) {
	server, err := peer.AddrInfoFromString(c.server)
	if err != nil {
		return "", err
	}
	address, err := ma.NewMultiaddr(c.address)
	if err != nil {
		return "", err
	}
	dialer, err := libp2p.New(libp2p.NoListenAddrs, libp2p.DisableMetrics())
	if err != nil {
		return "", err
	}
	client, err := autonatv2.New(dialer)
	if err != nil {
		return "", err
	}
	if err := client.Start(h); err != nil {
		return "", err
	}
	defer client.Close()
	if err := h.Connect(ctx, *server); err != nil {
		return "", err
	}
	for {
		result, err := client.GetReachability(ctx, []autonatv2.Request{{Addr: address, SendDialData: true}})
		switch {
		case errors.Is(err, autonatv2.ErrNoPeers) && ctx.Err() == nil:
			time.Sleep(20 * time.Millisecond) // until identify has told that it is a server
		case err != nil:
			return "", err
		case result.Reachability == network.ReachabilityPublic:
			return "reachable", nil
		case result.Reachability == network.ReachabilityPrivate:
			return "unreachable", nil
		default:
			return "unknown", nil
		}
	}
}
