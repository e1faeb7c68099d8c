// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// migrate: a QUIC connection that goes on from another port of the dialer. go-libp2p does
// not do that by itself; quic-go below it can.

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/quic-go/quic-go"
)

// migrate sends half of the bytes to the sink, moves, and sends the other half.
func (d *dialer) migrate(ctx context.Context) error {
	s, err := d.open(ctx, sinkID)
	if err != nil {
		return err
	}
	if err := writePattern(s, 0, d.bytes/2); err != nil {
		return err
	}
	var conn *quic.Conn
	if !s.Conn().As(&conn) {
		return errors.New("no QUIC connection")
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer socket.Close()
	if err := move(ctx, conn, &quic.Transport{Conn: socket}); err != nil {
		return err
	}
	d.r["local"] = socket.LocalAddr().String()
	if err := writeAll(s, d.bytes/2, d.bytes-d.bytes/2); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(s, 1024))
	if err != nil {
		return err
	}
	if strings.TrimSuffix(string(answer), "\n") != patternSum(d.bytes) {
		return errors.New("the answer is not the hash of what was sent")
	}
	return nil
}

func move(ctx context.Context, conn *quic.Conn, to *quic.Transport) error {
	path, err := conn.AddPath(to)
	if err != nil {
		return err
	}
	if err := path.Probe(ctx); err != nil {
		return err
	}
	return path.Switch()
}
