// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// dial: connects, plays one case, prints one result line.

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/multiformats/go-multistream"
)

// dialer is one dial: r collects the members of its result line.
type dialer struct {
	h        host.Host
	peer     peer.AddrInfo
	events   event.Subscription
	deadline time.Time
	protocol protocol.ID
	bytes    int64
	count    int
	code     uint
	stack    stack
	r        members
}

// wanted is a dial as the command line has it; -1 and 0 leave bytes and count to the case.
type wanted struct {
	addr, name, protocol string
	bytes                int64
	count                int
	code                 uint
}

type caseOf struct {
	run      func(*dialer, context.Context) error
	protocol protocol.ID
	bytes    int64
	count    int
}

var cases = map[string]caseOf{
	"ping":           {run: (*dialer).ping, count: 5},
	"identify":       {run: (*dialer).identify},
	"push":           {run: (*dialer).push},
	"await-push":     {run: (*dialer).awaitPush},
	"echo":           {run: (*dialer).echo, protocol: echoID, bytes: 65536},
	"early":          {run: (*dialer).echo, protocol: echoID, bytes: 65536}, // go-libp2p never waits if identify told of the protocol
	"half-close":     {run: (*dialer).halfClose, protocol: echoID, bytes: 4096},
	"parallel":       {run: (*dialer).parallel, bytes: 65536, count: 100},
	"burst":          {run: (*dialer).burst, bytes: 64, count: 1500},
	"crowd":          {run: (*dialer).crowd, bytes: 64, count: 1000},
	"idle":           {run: (*dialer).idle, bytes: 64, count: 40},
	"migrate":        {run: (*dialer).migrate, bytes: 1 << 20},
	"sequential":     {run: (*dialer).sequential, bytes: 64, count: 1000},
	"sink":           {run: (*dialer).sink, bytes: 65536},
	"source":         {run: (*dialer).source, bytes: 65536},
	"reset":          {run: (*dialer).reset, protocol: resetID},
	"unsupported":    {run: (*dialer).unsupported, protocol: "/nobody/serves/this/1.0.0"},
	"expect-refused": {run: (*dialer).expectRefused},
	"handshake":      {run: (*dialer).handshake},
	"copy":           {run: (*dialer).copy},
}

// dial reports whether the case passed; err is for what keeps it from starting.
func dial(s stack, w wanted, timeout time.Duration) (bool, error) {
	c, found := cases[w.name]
	if !found {
		return false, usageError{fmt.Errorf("--do %s: no such case", w.name)}
	}
	info, err := peer.AddrInfoFromString(w.addr)
	if err != nil {
		return false, usageError{fmt.Errorf("--addr %s: %w", w.addr, err)}
	}
	d := &dialer{peer: *info, deadline: time.Now().Add(timeout), protocol: c.protocol, bytes: c.bytes, count: c.count,
		code: w.code, stack: s, r: members{"do": w.name}}
	if w.protocol != "" {
		d.protocol = protocol.ID(w.protocol)
	}
	if w.bytes >= 0 {
		d.bytes = w.bytes
	}
	if w.count > 0 {
		d.count = w.count
	}
	if d.h, err = s.newHost(false, nil); err != nil {
		return false, err
	}
	defer d.h.Close()
	// Subscribed before dialing: the events of the dial itself are wanted.
	d.events, err = d.h.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated)})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithDeadline(context.Background(), d.deadline)
	defer cancel()
	err = c.run(d, network.WithAllowLimitedConn(ctx, "a relay may bound its circuits"))
	if d.r["ok"] = err == nil; err != nil {
		d.r["error"] = err.Error()
	}
	out := os.Stdout
	if w.name == "copy" {
		out = os.Stderr
	}
	emitTo(out, d.r)
	return err == nil, nil
}

func (d *dialer) connect(ctx context.Context) error {
	if err := d.h.Connect(ctx, d.peer); err != nil {
		return err
	}
	if conns := d.h.Network().ConnsToPeer(d.peer.ID); len(conns) > 0 {
		for k, v := range describe(conns[0]) {
			d.r[k] = v
		}
	}
	return nil
}

// open connects if need be and opens a stream that knows the deadline.
func (d *dialer) open(ctx context.Context, id protocol.ID) (network.Stream, error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	s, err := d.h.NewStream(ctx, d.peer.ID, id)
	if err != nil {
		return nil, err
	}
	s.SetDeadline(d.deadline)
	return s, nil
}

func (d *dialer) pings(ctx context.Context, n int) ([]int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rtts := []int64{}
	for result := range ping.Ping(ctx, d.h, d.peer.ID) {
		if result.Error != nil {
			return rtts, result.Error
		}
		if rtts = append(rtts, result.RTT.Microseconds()); len(rtts) == n {
			return rtts, nil
		}
	}
	return rtts, errTime
}

func (d *dialer) ping(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	rtts, err := d.pings(ctx, d.count)
	d.r["rtts_us"] = rtts
	return err
}

func (d *dialer) identity(ctx context.Context) (event.EvtPeerIdentificationCompleted, error) {
	if err := d.connect(ctx); err != nil {
		return event.EvtPeerIdentificationCompleted{}, err
	}
	for {
		select {
		case e := <-d.events.Out():
			// A relay on the way is identified too.
			if e, ok := e.(event.EvtPeerIdentificationCompleted); ok && e.Peer == d.peer.ID {
				slices.Sort(e.Protocols)
				return e, nil
			}
		case <-ctx.Done():
			return event.EvtPeerIdentificationCompleted{}, errTime
		}
	}
}

func (d *dialer) identify(ctx context.Context) error {
	e, err := d.identity(ctx)
	if err != nil {
		return err
	}
	for k, v := range identity(e) {
		d.r[k] = v
	}
	return nil
}

func emitConnected(e event.EvtPeerIdentificationCompleted) {
	emit("connected", members{"peer": e.Peer.String(), "protocols": e.Protocols})
}

func (d *dialer) push(ctx context.Context) error {
	e, err := d.identity(ctx)
	if err != nil {
		return err
	}
	untilQuit(ctx, func() { emitConnected(e) }, func(line string) {
		if id, found := strings.CutPrefix(line, "protocol "); found {
			serve(d.h, protocol.ID(id), echo)
		}
	})
	if ctx.Err() != nil {
		return errTime
	}
	return nil
}

func (d *dialer) awaitPush(ctx context.Context) error {
	e, err := d.identity(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(e.Protocols, d.protocol) {
		return fmt.Errorf("identify announced %s already", d.protocol)
	}
	emitConnected(e)
	for {
		select {
		case e := <-d.events.Out():
			if e, ok := e.(event.EvtPeerProtocolsUpdated); ok && slices.Contains(e.Added, d.protocol) {
				d.r["protocols"] = e.Added
				return nil
			}
		case <-ctx.Done():
			return errTime
		}
	}
}

// received checks what came back against the pattern and notes the figures.
func (d *dialer) received(n int64, sum string, start time.Time) error {
	d.r["bytes"], d.r["sha256"], d.r["seconds"] = n, sum, time.Since(start).Seconds()
	if n != d.bytes {
		return fmt.Errorf("%d bytes came instead of %d", n, d.bytes)
	}
	if sum != patternSum(d.bytes) {
		return errors.New("other bytes came than expected")
	}
	return nil
}

func (d *dialer) echo(ctx context.Context) error {
	s, err := d.open(ctx, d.protocol)
	if err != nil {
		return err
	}
	start := time.Now()
	wrote := make(chan error, 1)
	go func() { wrote <- writeAll(s, 0, d.bytes) }()
	n, sum, err := readSum(s)
	if err != nil {
		return err
	}
	if err := <-wrote; err != nil {
		return err
	}
	return d.received(n, sum, start)
}

// writeAll sends the pattern from offset on and half-closes.
func writeAll(s network.Stream, offset, n int64) error {
	if err := writePattern(s, offset, n); err != nil {
		return err
	}
	return s.CloseWrite()
}

func (d *dialer) halfClose(ctx context.Context) error {
	s, err := d.open(ctx, d.protocol)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := writeAll(s, 0, d.bytes); err != nil {
		return err
	}
	n, sum, err := readSum(s)
	if err != nil {
		return err
	}
	return d.received(n, sum, start)
}

// parallel holds every stream open after its first byte until all have theirs.
func (d *dialer) parallel(ctx context.Context) error {
	var opened sync.WaitGroup
	opened.Add(d.count)
	return d.many(ctx, func() error { return d.oneOfMany(ctx, &opened) })
}

// burst opens as many at once, each of which goes on as soon as it can.
func (d *dialer) burst(ctx context.Context) error {
	return d.many(ctx, func() error {
		s, err := d.answered(ctx)
		if err != nil {
			return err
		}
		return d.finish(s)
	})
}

func (d *dialer) many(ctx context.Context, one func() error) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	start := time.Now()
	errs := make(chan error, d.count)
	for range d.count {
		go func() { errs <- one() }()
	}
	for range d.count {
		if err := <-errs; err != nil {
			return err
		}
	}
	d.r["streams"], d.r["bytes"], d.r["seconds"] = d.count, d.bytes*int64(d.count), time.Since(start).Seconds()
	return nil
}

func (d *dialer) oneOfMany(ctx context.Context, opened *sync.WaitGroup) error {
	arrived := sync.OnceFunc(opened.Done)
	defer arrived()
	s, err := d.answered(ctx)
	if err != nil {
		return err
	}
	arrived()
	opened.Wait()
	return d.finish(s)
}

// answered opens an echo stream whose first byte has come back.
func (d *dialer) answered(ctx context.Context) (network.Stream, error) {
	s, err := d.h.NewStream(ctx, d.peer.ID, echoID)
	if err != nil {
		return nil, err
	}
	s.SetDeadline(d.deadline)
	if err := writePattern(s, 0, 1); err != nil {
		return nil, err
	}
	_, err = io.ReadFull(s, make([]byte, 1))
	return s, err
}

// finish echoes the rest of it.
func (d *dialer) finish(s network.Stream) error {
	wrote := make(chan error, 1)
	go func() { wrote <- writeAll(s, 1, d.bytes-1) }()
	n, sum, err := readSum(io.MultiReader(&patternReader{0, 1}, s))
	if err != nil {
		return err
	}
	if n != d.bytes || sum != patternSum(d.bytes) {
		return fmt.Errorf("a stream returned %d bytes with hash %s", n, sum)
	}
	return <-wrote
}

// crowd opens streams until one is refused; the others must not be hurt.
func (d *dialer) crowd(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	var held []network.Stream
	var refusal error
	for refusal == nil && len(held) < d.count {
		var s network.Stream
		if s, refusal = d.answered(ctx); refusal == nil {
			held = append(held, s)
		}
	}
	if refusal == nil {
		return errors.New("no stream was refused")
	}
	d.r["streams"], d.r["refusal"] = len(held), refusal.Error()
	for _, s := range held {
		if err := d.finish(s); err != nil {
			return err
		}
	}
	another, err := d.answered(ctx)
	if err != nil {
		return err
	}
	return d.finish(another)
}

// idle leaves a stream alone for count seconds.
func (d *dialer) idle(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	s, err := d.answered(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(time.Duration(d.count) * time.Second):
	case <-ctx.Done():
		return errTime
	}
	return d.finish(s)
}

// sequential opens one stream after the other, each when the last has ended.
func (d *dialer) sequential(ctx context.Context) error {
	if err := d.connect(ctx); err != nil {
		return err
	}
	start := time.Now()
	d.r["streams"], d.r["bytes"] = 0, int64(0)
	for i := range d.count {
		s, err := d.open(ctx, echoID)
		if err != nil {
			return err
		}
		if err := writeAll(s, 0, d.bytes); err != nil {
			return err
		}
		n, sum, err := readSum(s)
		if err != nil {
			return err
		}
		if n != d.bytes || sum != patternSum(d.bytes) {
			return fmt.Errorf("stream %d returned %d bytes with hash %s", i, n, sum)
		}
		d.r["streams"], d.r["bytes"] = i+1, d.bytes*int64(i+1)
	}
	d.r["seconds"] = time.Since(start).Seconds()
	return nil
}

func (d *dialer) sink(ctx context.Context) error {
	s, err := d.open(ctx, sinkID)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := writeAll(s, 0, d.bytes); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(s, 1024))
	if err != nil {
		return err
	}
	sum, found := strings.CutSuffix(string(answer), "\n")
	if !found {
		return fmt.Errorf("the answer is no line: %q", answer)
	}
	return d.received(d.bytes, sum, start)
}

func (d *dialer) source(ctx context.Context) error {
	s, err := d.open(ctx, sourceID)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := binary.Write(s, binary.BigEndian, d.bytes); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	n, sum, err := readSum(s)
	if err != nil {
		return err
	}
	return d.received(n, sum, start)
}

func (d *dialer) reset(ctx context.Context) error {
	s, err := d.open(ctx, d.protocol)
	if err != nil {
		return err
	}
	if _, err = s.Write([]byte{byte(d.code)}); err == nil {
		_, _, err = readSum(s)
	}
	if !errors.Is(err, network.ErrReset) {
		return fmt.Errorf("not a reset: %v", err)
	}
	d.r["reset"] = err.Error()
	if e := new(network.StreamError); errors.As(err, &e) {
		d.r["code"] = e.ErrorCode
	}
	return nil
}

func (d *dialer) unsupported(ctx context.Context) error {
	_, err := d.open(ctx, d.protocol)
	if !errors.As(err, new(multistream.ErrNotSupported[protocol.ID])) {
		return fmt.Errorf("not refused as unknown: %v", err)
	}
	d.r["refusal"] = err.Error()
	_, err = d.pings(ctx, 1)
	return err
}

func (d *dialer) expectRefused(ctx context.Context) error {
	// A connection that the peer closes at once is gone before anybody can ask for it.
	conns := make(chan network.Conn, 1)
	d.h.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
		select {
		case conns <- c:
		default:
		}
	}})
	err := d.connect(ctx)
	if err == nil {
		_, err = d.pings(ctx, 1)
	}
	if err != nil && len(conns) > 0 {
		// Only a stream of the connection itself fails with what the peer closed it with.
		_, why := (<-conns).NewStream(ctx)
		err = errors.Join(err, why)
	}
	switch {
	case err == nil:
		return errors.New("the peer answered a ping")
	case ctx.Err() != nil:
		return fmt.Errorf("nobody refused in time: %w", err)
	case strings.Contains(err.Error(), "connection refused"), strings.Contains(err.Error(), "no recent network activity"),
		strings.Contains(err.Error(), "handshake did not complete"):
		return fmt.Errorf("nobody listens: %w", err)
	}
	d.r["refusal"] = err.Error()
	return nil
}

func (d *dialer) copy(ctx context.Context) error {
	s, err := d.open(ctx, d.protocol)
	if err != nil {
		return err
	}
	go func() {
		if _, err := io.Copy(struct{ io.Writer }{s}, os.Stdin); err == nil {
			s.CloseWrite()
		}
	}()
	n, err := io.Copy(os.Stdout, struct{ io.Reader }{s})
	d.r["bytes"] = n
	return err
}
