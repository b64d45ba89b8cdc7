package tensor

import (
	"encoding/binary"
	"testing"
)

// FuzzCheck builds a program from bytes, as a guest could send it; Check must prove or refuse it without a panic.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{2, 2, 3, 4, 1, 40, 0, 2, 0, 1, 2, 3, 4})
	f.Add([]byte{1, 4, 1, 8, 8, 3, 112, 0, 2, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := programOf(data)
		if err := p.Check(); err != nil {
			return
		}
		for i, v := range p.Values {
			if v.Shape.Elems() < 0 {
				t.Errorf("value %d has shape %v", i, v.Shape)
			}
		}
	})
}

// bytesReader takes numbers off a slice, 0 when it is over.
type bytesReader struct{ b []byte }

func (r *bytesReader) byte() int {
	if len(r.b) == 0 {
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return int(v)
}

// size is mostly small, sometimes anything.
func (r *bytesReader) size() int {
	n := r.byte()
	if n < 250 {
		return n%20 - 2
	}
	var b [8]byte
	r.b = r.b[copy(b[:], r.b):]
	return int(binary.LittleEndian.Uint64(b[:]))
}

func programOf(data []byte) *Program {
	r := &bytesReader{data}
	p := &Program{}
	for range r.byte() % 6 {
		v := Value{Role: Role(r.byte() % 4), DType: DType(r.byte() % 15)}
		for range r.byte() % 8 {
			v.Shape = append(v.Shape, r.size())
		}
		if v.Role == Weight && r.byte()%2 == 0 {
			v.Data = New(F32, 2, 3)
		}
		if v.Role == Input {
			p.Inputs = append(p.Inputs, ID(len(p.Values)))
		}
		p.Values = append(p.Values, v)
	}
	for range r.byte() % 6 {
		o := Op{Kind: Kind(r.byte()), Out: ID(r.byte()%8 - 1)}
		for range r.byte() % 5 {
			o.Args = append(o.Args, ID(r.byte()%8-1))
		}
		for range r.byte() % 10 {
			o.Attr.I = append(o.Attr.I, r.size())
		}
		for range r.byte() % 3 {
			o.Attr.F = append(o.Attr.F, float64(r.size()))
		}
		p.Ops = append(p.Ops, o)
	}
	p.Outputs = append(p.Outputs, ID(r.byte()%8-1))
	return p
}
