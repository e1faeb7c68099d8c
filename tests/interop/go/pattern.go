// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright The Peer-Up authors

// The bytes that bulk cases send (README.md, "The pattern"). Everything that
// carries them is hashed on the way, so a lost, repeated or moved byte shows.

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
)

const patternPeriod = 65521

var pattern = makePattern()

func makePattern() []byte {
	block := make([]byte, 0, patternPeriod+sha256.Size)
	for i := uint32(0); len(block) < patternPeriod; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(nil, i))
		block = append(block, sum[:]...)
	}
	return block[:patternPeriod]
}

// patternReader yields left bytes of the pattern, beginning at offset.
type patternReader struct {
	offset, left int64
}

func (r *patternReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, pattern[r.offset%patternPeriod:])
	if int64(n) > r.left {
		n = int(r.left)
	}
	r.offset += int64(n)
	r.left -= int64(n)
	return n, nil
}

func patternSum(n int64) string {
	h := sha256.New()
	io.Copy(h, &patternReader{left: n})
	return hex.EncodeToString(h.Sum(nil))
}

// writePattern sends n bytes of the pattern from offset on, and hides from
// io.Copy every short cut, so that the stream sees ordinary 64 KiB writes.
func writePattern(w io.Writer, offset, n int64) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, &patternReader{offset, n}, make([]byte, 65536))
	return err
}

// readSum reads to end of file and returns how many bytes there were and their
// hash, or the error that came instead of the end.
func readSum(r io.Reader) (int64, string, error) {
	h := sha256.New()
	n, err := io.CopyBuffer(h, struct{ io.Reader }{r}, make([]byte, 65536))
	return n, hex.EncodeToString(h.Sum(nil)), err
}
