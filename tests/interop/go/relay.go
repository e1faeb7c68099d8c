// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// Circuit relay v2, both sides of it: serving hop, and a reservation that is kept.

package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
)

// relaying is what a listener does with relays.
type relaying struct {
	at             string // reserves there; "": nowhere
	serves         bool   // is one
	ttl            int    // seconds of a reservation; 0: an hour
	bytes, seconds int64  // bound its circuits; none of both: no limit is told
}

func (r relaying) start(ctx context.Context, h host.Host) error {
	if r.serves {
		return r.serveHop(h)
	}
	if r.at == "" {
		return nil
	}
	info, err := peer.AddrInfoFromString(r.at)
	if err != nil {
		return usageError{fmt.Errorf("--relay %s: %w", r.at, err)}
	}
	granted, err := reserve(ctx, h, *info)
	if err == nil {
		go keep(ctx, h, *info, granted)
	}
	return err
}

// As many reservations and circuits as the tests need, from one address.
func (r relaying) serveHop(h host.Host) error {
	resources := relay.DefaultResources()
	resources.MaxReservationsPerIP = 1000
	resources.MaxCircuits = 1000
	if r.ttl > 0 {
		resources.ReservationTTL = time.Duration(r.ttl) * time.Second
	}
	resources.Limit = nil
	if r.bytes > 0 || r.seconds > 0 {
		resources.Limit = &relay.RelayLimit{Duration: 10 * time.Hour, Data: math.MaxInt64}
	}
	if r.bytes > 0 {
		resources.Limit.Data = r.bytes
	}
	if r.seconds > 0 {
		resources.Limit.Duration = time.Duration(r.seconds) * time.Second
	}
	_, err := relay.New(h, relay.WithResources(resources))
	return err
}

func reserve(ctx context.Context, h host.Host, info peer.AddrInfo) (*client.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := client.Reserve(ctx, h, info)
	if err != nil {
		return nil, err
	}
	addrs := []string{}
	for _, a := range r.Addrs {
		addrs = append(addrs, a.String())
	}
	emit("reserved", members{"relay": info.ID.String(), "expires": r.Expiration.Unix(), "addrs": addrs,
		"voucher": r.Voucher != nil, "seconds": int64(r.LimitDuration.Seconds()), "bytes": r.LimitData})
	return r, nil
}

// keep asks again when half of the time has passed. The stack's own way to do that looks once a minute,
// which is too seldom for the reservations of a test.
func keep(ctx context.Context, h host.Host, info peer.AddrInfo, r *client.Reservation) {
	for {
		select {
		case <-time.After(time.Until(r.Expiration) / 2):
		case <-ctx.Done():
			return
		}
		again, err := reserve(ctx, h, info)
		if err != nil {
			fmt.Fprintln(os.Stderr, "peer: reserving again:", err)
			return
		}
		r = again
	}
}
