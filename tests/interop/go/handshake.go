// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// handshake: QUIC handshakes that a libp2p listener has to refuse. They are made by
// quic-go alone, with everything as libp2p wants it but one thing.

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/quic-go/quic-go"
)

var faults = map[string]func(*tls.Config, *quic.Config) error{
	"no-alpn":      func(c *tls.Config, _ *quic.Config) error { c.NextProtos = nil; return nil },
	"foreign-alpn": func(c *tls.Config, _ *quic.Config) error { c.NextProtos = []string{"h3"}; return nil },
	"no-certificate": func(c *tls.Config, _ *quic.Config) error {
		c.Certificates = nil
		return nil
	},
	"plain-certificate": func(c *tls.Config, _ *quic.Config) error { return usePlainCertificate(c) },
	"version-2": func(_ *tls.Config, c *quic.Config) error {
		c.Versions = []quic.Version{quic.Version2}
		return nil
	},
}

// usePlainCertificate is one that any TLS client could have: it names no libp2p key.
func usePlainCertificate(c *tls.Config) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	c.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}
	return err
}

func (d *dialer) handshake(ctx context.Context) error {
	spoil, found := faults[string(d.protocol)]
	if !found {
		return fmt.Errorf("--protocol %s: no such fault", d.protocol)
	}
	target, err := udpOf(d.peer)
	if err != nil {
		return err
	}
	identity, err := libp2ptls.NewIdentity(d.h.Peerstore().PrivKey(d.h.ID()))
	if err != nil {
		return err
	}
	tlsConfig, _ := identity.ConfigForPeer(d.peer.ID)
	quicConfig := &quic.Config{Versions: []quic.Version{quic.Version1}}
	if err := spoil(tlsConfig, quicConfig); err != nil {
		return err
	}
	return d.refusalOf(meet(ctx, target, tlsConfig, quicConfig))
}

func udpOf(p peer.AddrInfo) (string, error) {
	if len(p.Addrs) != 1 {
		return "", errors.New("one address is needed")
	}
	host, err := p.Addrs[0].ValueForProtocol(ma.P_IP4)
	if err != nil {
		return "", err
	}
	port, err := p.Addrs[0].ValueForProtocol(ma.P_UDP)
	return host + ":" + port, err
}

// meet returns why the connection ended; a server refuses a client's certificate
// only after the client has taken the handshake for complete.
func meet(ctx context.Context, target string, tlsConfig *tls.Config, quicConfig *quic.Config) error {
	conn, err := quic.DialAddr(ctx, target, tlsConfig, quicConfig)
	if err != nil {
		return err
	}
	defer conn.CloseWithError(0, "")
	select {
	case <-conn.Context().Done():
		return context.Cause(conn.Context())
	case <-ctx.Done():
		return errTime
	}
}

func (d *dialer) refusalOf(err error) error {
	var closed *quic.TransportError
	var version *quic.VersionNegotiationError
	switch {
	case errors.As(err, &closed) && closed.Remote:
		d.r["code"] = uint64(closed.ErrorCode)
	case errors.As(err, &version) && slices.Contains(version.Theirs, quic.Version1):
	default:
		return fmt.Errorf("not refused: %w", err)
	}
	d.r["refusal"] = err.Error()
	return nil
}
