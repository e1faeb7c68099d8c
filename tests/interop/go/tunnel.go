// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// tunnel-listen and tunnel-dial: the plain TCP tunnel that the benchmarks compare
// ours with. Deliberately what anybody would write with go-libp2p.

package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const benchID = protocol.ID("/bench/1.0.0")

const spliceBuffer = 128 * 1024

func tunnelListen(s stack, target string) error {
	h, err := s.newHost(true, nil)
	if err != nil {
		return err
	}
	defer h.Close()
	serve(h, benchID, func(s network.Stream) error { return connectTo(s, target) })
	untilQuit(context.Background(), func() { announce(h) }, func(string) {})
	return nil
}

func tunnelDial(s stack, addr, local string) error {
	info, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return usageError{fmt.Errorf("--addr %s: %w", addr, err)}
	}
	h, err := s.newHost(false, nil)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Connect(context.Background(), *info); err != nil {
		return err
	}
	l, err := net.Listen("tcp", local)
	if err != nil {
		return err
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go forward(h.NewStream, info.ID, c.(*net.TCPConn))
		}
	}()
	ready := func() { emit("listening", members{"local": l.Addr().String()}) }
	untilQuit(context.Background(), ready, func(string) {})
	return nil
}

type opener func(context.Context, peer.ID, ...protocol.ID) (network.Stream, error)

func forward(open opener, id peer.ID, c *net.TCPConn) {
	s, err := open(context.Background(), id, benchID)
	if err != nil {
		c.SetLinger(0)
		c.Close()
		return
	}
	if splice(s, c) != nil {
		s.Reset()
		return
	}
	s.Close()
}

// splice copies both ways until both ends have ended, passing each end of file
// on by itself. It closes c; what becomes of s is the caller's matter.
func splice(s network.Stream, c *net.TCPConn) error {
	defer c.Close()
	up := make(chan error, 1)
	go func() {
		err := copyHalf(s, c)
		if err == nil {
			err = s.CloseWrite()
		} else {
			s.Reset()
		}
		up <- err
	}()
	err := copyHalf(c, s)
	if err == nil {
		err = c.CloseWrite()
	} else {
		c.SetLinger(0)
		c.Close()
	}
	if upErr := <-up; err == nil {
		err = upErr
	}
	return err
}

func copyHalf(w io.Writer, r io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, spliceBuffer))
	return err
}
