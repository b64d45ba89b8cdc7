package weights

import (
	"encoding/binary"
	"fmt"
)

// reader takes little-endian values off foreign bytes. The first one that is not there sets err; all later ones are zero.
type reader struct {
	data []byte
	at   int64
	err  error
}

func (r *reader) bytes(n uint64) []byte {
	if r.err == nil && n > uint64(int64(len(r.data))-r.at) {
		r.err = fmt.Errorf("byte %d: the file ends where %d bytes should follow", r.at, n)
	}
	if r.err != nil {
		return nil
	}
	b := r.data[r.at : r.at+int64(n)]
	r.at += int64(n)
	return b
}

// uint reads n bytes, at most 8.
func (r *reader) uint(n int) uint64 {
	var full [8]byte
	copy(full[:], r.bytes(uint64(n)))
	return binary.LittleEndian.Uint64(full[:])
}

func (r *reader) u64() uint64 { return r.uint(8) }
func (r *reader) u32() uint32 { return uint32(r.uint(4)) }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %w", r.at, fmt.Errorf(format, args...))
	}
}
