package assets

import (
	"context"
	"encoding/hex"
	"io"
	"strings"

	"lukechampine.com/blake3"

	"github.com/cocoonhq/cocoon/internal/fault"
)

const hashPrefix = "blake3:"

// ParseHash reads a hash in any case and gives it in the one form. Errors: fault.BadRequest.
func ParseHash(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	digits, ok := strings.CutPrefix(s, hashPrefix)
	if b, err := hex.DecodeString(digits); !ok || err != nil || len(b) != 32 {
		return "", fault.New(fault.BadRequest, "hash must be 'blake3:<hex>'")
	}
	return s, nil
}

// Hasher computes the hash of what is written to it.
type Hasher struct{ h *blake3.Hasher }

// NewHasher makes one.
func NewHasher() *Hasher { return &Hasher{blake3.New(32, nil)} }

// Write takes bytes.
func (h *Hasher) Write(b []byte) (int, error) { return h.h.Write(b) }

// Hash is the hash of all that was written, "blake3:" and 64 digits.
func (h *Hasher) Hash() string { return hashPrefix + hex.EncodeToString(h.h.Sum(nil)) }

// HashOf reads all of r. It stops when ctx ends.
func HashOf(ctx context.Context, r io.Reader) (string, error) {
	h := NewHasher()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := r.Read(buf)
		_, _ = h.Write(buf[:n]) // never fails
		if err == io.EOF {
			return h.Hash(), nil
		}
		if err != nil {
			return "", fault.Wrap(err, fault.BadFile, "the file cannot be read")
		}
	}
}
