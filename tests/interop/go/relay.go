// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// Circuit relay v2, both sides of it: serving hop, and a reservation at a relay.

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
)

// relaying is what a listener does with relays.
type relaying struct {
	at    string // reserves there; "": nowhere
	serve bool   // is one
	ttl   int    // seconds of a reservation; 0: an hour
	bytes int64  // of a circuit, each way; 0: not bounded, and no limit is told
}

func (r relaying) start(h host.Host) error {
	if r.serve {
		if err := r.serveHop(h); err != nil {
			return err
		}
	}
	if r.at == "" {
		return nil
	}
	info, err := peer.AddrInfoFromString(r.at)
	if err != nil {
		return usageError{fmt.Errorf("--relay %s: %w", r.at, err)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.Connect(ctx, *info); err != nil {
		return err
	}
	if _, err := client.Reserve(ctx, h, *info); err != nil {
		return err
	}
	emit("reserved", members{"peer": h.ID().String(), "addrs": []string{
		fmt.Sprintf("%s/p2p-circuit/p2p/%s", r.at, h.ID())}})
	return nil
}

func (r relaying) serveHop(h host.Host) error {
	resources := relay.DefaultResources()
	resources.MaxReservationsPerIP = 1000
	resources.MaxCircuits = 1000
	if r.ttl > 0 {
		resources.ReservationTTL = time.Duration(r.ttl) * time.Second
	}
	resources.Limit = nil
	if r.bytes > 0 {
		resources.Limit = &relay.RelayLimit{Duration: 10 * time.Minute, Data: r.bytes}
	}
	_, err := relay.New(h, relay.WithResources(resources))
	return err
}
