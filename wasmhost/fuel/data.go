package fuel

import (
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// closeGap is how many zeros may stand between two segments that become one.
const closeGap = 512

// merged joins active data segments at constant places: compilers write tens of thousands of them, leaving out every few
// zeros. Memory is zero before they are copied, so zeros may stand between them as long as their places only grow. Modules
// with other segments stay as they are.
func merged(data []wasm.Data) []wasm.Data {
	var out []wasm.Data
	end := int64(0) // of what was copied so far
	for i, d := range data {
		at, ok := constantPlace(d)
		if !ok {
			return data
		}
		if i > 0 && at < end {
			return data
		}
		if n := len(out); n > 0 && at-end <= closeGap {
			last := &out[n-1]
			last.Bytes = append(append(last.Bytes, make([]byte, at-end)...), d.Bytes...)
		} else {
			out = append(out, wasm.Data{Offset: d.Offset, Bytes: append([]byte(nil), d.Bytes...)})
		}
		end = at + int64(len(d.Bytes))
	}
	return out
}

// constantPlace reads the offset of a segment that is one i32.const.
func constantPlace(d wasm.Data) (int64, bool) {
	if d.Mode != wasm.Active || len(d.Offset) < 3 || d.Offset[0] != 0x41 {
		return 0, false
	}
	n, shift := int64(0), 0
	for i, c := range d.Offset[1:] {
		n |= int64(c&0x7f) << shift
		shift += 7
		if c < 0x80 {
			if c&0x40 != 0 {
				n |= -1 << shift
			}
			return int64(uint32(n)), i+3 == len(d.Offset)
		}
	}
	return 0, false
}
