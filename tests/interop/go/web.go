// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// WebSocket, with TLS around it or without. Nobody checks the certificate.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
)

func (s stack) overWeb() bool { return s.transport == "ws" || s.transport == "wss" }

func (s stack) webTransport() (libp2p.Option, error) {
	if s.transport == "ws" {
		return libp2p.Transport(websocket.New), nil
	}
	certificate, err := selfSigned()
	return libp2p.Transport(websocket.New,
		websocket.WithTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}}),
		websocket.WithTLSClientConfig(&tls.Config{InsecureSkipVerify: true})), err
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
