// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// listen: serves every protocol of the contract and tells what happens.

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	echoID   = protocol.ID("/echo/1.0.0")
	sinkID   = protocol.ID("/sink/1.0.0")
	sourceID = protocol.ID("/source/1.0.0")
	resetID  = protocol.ID("/reset/1.0.0")
)

func listen(s stack, allow, services []string, r relaying) error {
	gater, err := newGater(allow)
	if err != nil {
		return usageError{err}
	}
	h, err := s.newHost(true, gater)
	if err != nil {
		return err
	}
	defer h.Close()
	watchConnections(h)
	if s.punches {
		if err := watchPunching(h); err != nil {
			return err
		}
	}
	if err := watchIdentify(h); err != nil {
		return err
	}
	serve(h, echoID, echo)
	serve(h, sinkID, sink)
	serve(h, sourceID, source)
	serve(h, resetID, reset)
	for _, text := range services {
		name, target, found := strings.Cut(text, "=")
		if !found {
			return usageError{fmt.Errorf("--service %s: use NAME=HOST:PORT", text)}
		}
		serve(h, protocol.ID("/peerup/"+name+"/1.0.0"), func(s network.Stream) error { return connectTo(s, target) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := r.start(ctx, h); err != nil {
		return err
	}
	untilQuit(ctx, func() { announce(h) }, func(line string) {
		if id, found := strings.CutPrefix(line, "protocol "); found {
			serve(h, protocol.ID(id), echo)
		} else if addr, found := strings.CutPrefix(line, "connect "); found {
			go connect(ctx, h, addr)
		} else if line == "peers" {
			peers := []string{}
			for _, c := range h.Network().Conns() {
				peers = append(peers, c.RemotePeer().String())
			}
			emit("peers", members{"peers": peers})
		}
	})
	return nil
}

// connect dials once and stays connected; what comes of it watchConnections tells.
func connect(ctx context.Context, h host.Host, addr string) {
	info, err := peer.AddrInfoFromString(addr)
	if err == nil {
		err = h.Connect(network.WithAllowLimitedConn(ctx, "connect"), *info)
	}
	if err != nil {
		emit("unreached", members{"error": err.Error()})
	}
}

func announce(h host.Host) {
	emit("listening", members{"peer": h.ID().String(), "addrs": fullAddrs(h)})
}

// serve closes the stream when the handler is done and resets it when it fails.
func serve(h host.Host, id protocol.ID, handler func(network.Stream) error) {
	h.SetStreamHandler(id, func(s network.Stream) {
		if err := handler(s); err != nil {
			code := resetCode(0)
			errors.As(err, &code)
			s.ResetWithError(network.StreamErrorCode(code))
			return
		}
		s.Close()
	})
}

func echo(s network.Stream) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{s}, struct{ io.Reader }{s}, make([]byte, 65536))
	return err
}

func sink(s network.Stream) error {
	_, sum, err := readSum(s)
	if err == nil {
		_, err = io.WriteString(s, sum+"\n")
	}
	return err
}

func source(s network.Stream) error {
	var count uint64
	if err := binary.Read(s, binary.BigEndian, &count); err != nil {
		return err
	}
	return writePattern(s, 0, int64(count))
}

func reset(s network.Stream) error {
	low := make([]byte, 1)
	if _, err := io.ReadFull(s, low); err != nil {
		return err
	}
	if low[0] == 0 {
		return resetCode(0)
	}
	return 0x1000 + resetCode(low[0])
}

// resetCode is the code a stream is to be reset with.
type resetCode uint32

func (c resetCode) Error() string { return fmt.Sprintf("reset with code %#x", uint32(c)) }

func connectTo(s network.Stream, target string) error {
	c, err := net.Dial("tcp", target)
	if err != nil {
		return err
	}
	return splice(s, c.(*net.TCPConn))
}

// gater lets in only the peers it holds, or everybody if it is nil.
type gater map[peer.ID]bool

func newGater(allow []string) (gater, error) {
	if len(allow) == 0 {
		return nil, nil
	}
	g := gater{}
	for _, text := range allow {
		id, err := peer.Decode(text)
		if err != nil {
			return nil, fmt.Errorf("--allow %s: %w", text, err)
		}
		g[id] = true
	}
	return g, nil
}

func (g gater) InterceptPeerDial(peer.ID) bool                                  { return true }
func (g gater) InterceptAddrDial(peer.ID, ma.Multiaddr) bool                    { return true }
func (g gater) InterceptAccept(network.ConnMultiaddrs) bool                     { return true }
func (g gater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

func (g gater) InterceptSecured(direction network.Direction, id peer.ID, _ network.ConnMultiaddrs) bool {
	if g == nil || direction == network.DirOutbound || g[id] {
		return true
	}
	emit("refused", members{"peer": id.String()})
	return false
}

func watchConnections(h host.Host) {
	h.Network().Notify(&network.NotifyBundle{
		ConnectedF: func(_ network.Network, c network.Conn) {
			emit("connected", describe(c))
		},
		DisconnectedF: func(_ network.Network, c network.Conn) {
			emit("disconnected", members{"peer": c.RemotePeer().String()})
		},
	})
}

func describe(c network.Conn) members {
	state := c.ConnState()
	return members{
		"peer":        c.RemotePeer().String(),
		"transport":   transportOf(c.RemoteMultiaddr()),
		"security":    state.Security,
		"muxer":       state.StreamMultiplexer,
		"early_muxer": state.UsedEarlyMuxerNegotiation,
		"limited":     c.Stat().Limited,
		"outbound":    c.Stat().Direction == network.DirOutbound,
	}
}

func transportOf(a ma.Multiaddr) string {
	if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err == nil {
		return "relay"
	}
	if _, err := a.ValueForProtocol(ma.P_QUIC_V1); err == nil {
		return "quic-v1"
	}
	if _, err := a.ValueForProtocol(ma.P_WS); err == nil {
		return "websocket"
	}
	if _, err := a.ValueForProtocol(ma.P_WSS); err == nil {
		return "websocket"
	}
	return "tcp"
}

// watchPunching tells when the stack knows where it is seen from outside: it serves the protocol only then.
func watchPunching(h host.Host) error {
	events, err := h.EventBus().Subscribe(new(event.EvtLocalProtocolsUpdated))
	if err != nil {
		return err
	}
	go func() {
		for e := range events.Out() {
			if slices.Contains(e.(event.EvtLocalProtocolsUpdated).Added, holepunch.Protocol) {
				emit("punching", nil)
			}
		}
	}()
	return nil
}

func watchIdentify(h host.Host) error {
	events, err := h.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated)})
	if err != nil {
		return err
	}
	go func() {
		for e := range events.Out() {
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				emit("identified", identity(e))
			case event.EvtPeerProtocolsUpdated:
				emit("pushed", members{"peer": e.Peer.String(), "protocols": e.Added})
			}
		}
	}()
	return nil
}

func identity(e event.EvtPeerIdentificationCompleted) members {
	addrs := []string{}
	for _, a := range e.ListenAddrs {
		addrs = append(addrs, a.String())
	}
	observed := ""
	if e.ObservedAddr != nil {
		observed = e.ObservedAddr.String()
	}
	return members{
		"peer":             e.Peer.String(),
		"agent":            e.AgentVersion,
		"protocol_version": e.ProtocolVersion,
		"protocols":        e.Protocols,
		"addrs":            addrs,
		"observed":         observed,
		"signed":           e.SignedPeerRecord != nil,
	}
}
