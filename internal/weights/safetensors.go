package weights

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Bounds on what a header may say.
const (
	maxHeaderBytes = 100_000_000 // the format's own bound
	maxRank        = 16
	maxDim         = 1 << 40
)

// parseSafetensors reads the format of github.com/huggingface/safetensors: the header's length in 8 bytes, little-endian, a
// JSON object {name: {dtype, shape, data_offsets}}, and the tensors' bytes, which the offsets must tile without a gap.
func (f *File) parseSafetensors(name string) error {
	if err := f.foreign(name); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint64(f.data)) // foreign has seen to it that it is there and fits
	text := string(f.data[8 : 8+n])                // a copy: names share its memory and outlive the mapping
	if !utf8.ValidString(text) {
		return fault.New(fault.BadFile, "%s: the safetensors header is not UTF-8 text; download the file again", name)
	}
	h := headerReader{scan: jsonScanner{text: text}, file: f, base: 8 + n}
	if err := h.read(); err != nil {
		return fault.New(fault.BadFile, "%s: the safetensors header is damaged (%v); download the file again", name, err)
	}
	return f.checkTiling(name, 8+n)
}

// checkTiling refuses overlaps, holes and an end that is not the file's.
func (f *File) checkTiling(name string, base int64) error {
	byOffset := make([]string, 0, len(f.entries))
	for n := range f.entries {
		byOffset = append(byOffset, n)
	}
	slices.SortFunc(byOffset, func(a, b string) int {
		x, y := f.entries[a], f.entries[b]
		return cmp.Or(cmp.Compare(x.offset, y.offset), cmp.Compare(x.size, y.size), cmp.Compare(a, b))
	})
	end := base
	for _, n := range byOffset {
		e := f.entries[n]
		if e.offset < end {
			return fault.New(fault.BadFile, "%s: tensor %q at byte %d overlaps the one before it, which ends at %d; the file is damaged", name, n, e.offset, end)
		}
		if e.offset > end {
			return fault.New(fault.BadFile, "%s: bytes %d to %d belong to no tensor (the next is %q); the file is damaged", name, end, e.offset, n)
		}
		end += e.size
	}
	size := int64(len(f.data))
	if end > size {
		return fault.New(fault.BadFile, "%s: cut short: the header promises %d bytes, the file has %d (%d%%); download it again", name, end, size, size*100/end)
	}
	if end < size {
		return fault.New(fault.BadFile, "%s: %d bytes follow the last tensor, which ends at byte %d; the file is damaged", name, size-end, end)
	}
	return nil
}

// headerReader fills a File's entries from a header.
type headerReader struct {
	scan jsonScanner
	file *File
	base int64 // offset of the data in the file
	dims []int // memory for shapes, cut off piece by piece
	meta bool  // __metadata__ was seen
}

func (h *headerReader) read() error {
	if err := h.scan.object(h.member); err != nil {
		return err
	}
	if h.scan.peek() != 0 {
		return h.scan.fail("the header's end")
	}
	return nil
}

func (h *headerReader) member(key string) error {
	if key == "__metadata__" {
		if h.meta {
			return fmt.Errorf("__metadata__ stands there twice")
		}
		h.meta = true
		return h.metadata()
	}
	if _, twice := h.file.entries[key]; twice {
		return fmt.Errorf("tensor %q stands there twice", key)
	}
	e, err := h.entry()
	if err != nil {
		return fmt.Errorf("tensor %q: %w", key, err)
	}
	h.file.entries[key] = e
	return nil
}

// metadata reads the strings under __metadata__. The format knows only strings; other values are kept as their JSON text.
func (h *headerReader) metadata() error {
	if h.scan.peek() == 'n' {
		_, err := h.scan.skip(0)
		return err
	}
	return h.scan.object(func(key string) (err error) {
		if h.scan.peek() == '"' {
			h.file.meta[key], err = h.scan.str()
		} else {
			h.file.meta[key], err = h.scan.skip(0)
		}
		return err
	})
}

func (h *headerReader) entry() (*entry, error) {
	e := &entry{}
	var offsets [2]int64
	var seen struct{ dtype, shape, offsets bool }
	err := h.scan.object(func(key string) (err error) {
		switch key {
		case "dtype":
			seen.dtype = true
			e.stored, err = h.scan.str()
		case "shape":
			seen.shape = true
			e.shape, err = h.shape()
		case "data_offsets":
			seen.offsets = true
			offsets, err = h.pair()
		default:
			_, err = h.scan.skip(0)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if !seen.dtype || !seen.shape || !seen.offsets {
		return nil, fmt.Errorf("needs dtype, shape and data_offsets")
	}
	return e, h.place(e, offsets)
}

func (h *headerReader) shape() (tensor.Shape, error) {
	start := len(h.dims)
	err := h.scan.array(func() error {
		d, err := h.scan.number()
		if err == nil && (d > maxDim || len(h.dims)-start == maxRank) {
			err = h.scan.fail("a smaller shape")
		}
		h.dims = append(h.dims, int(d))
		return err
	})
	return tensor.Shape(h.dims[start:len(h.dims):len(h.dims)]), err
}

func (h *headerReader) pair() (p [2]int64, err error) {
	i := 0
	err = h.scan.array(func() error {
		if i == len(p) {
			return h.scan.fail("the end of data_offsets")
		}
		p[i], err = h.scan.number()
		i++
		return err
	})
	if err == nil && i != len(p) {
		err = h.scan.fail("data_offsets of two numbers")
	}
	return p, err
}

// place checks dtype × shape against the offsets and sets the entry's place in the file.
func (h *headerReader) place(e *entry, offsets [2]int64) error {
	bits, ok := storedBits(e.stored)
	if !ok {
		return fmt.Errorf("dtype %q is unknown", e.stored)
	}
	if len(e.shape) <= tensor.MaxDims {
		e.dtype, _ = tensor.ParseDType(e.stored)
	}
	elems, ok := e.shape.TryElems()
	if !ok || int64(elems) > 1<<59 {
		return fmt.Errorf("shape %v has too many elements", e.shape)
	}
	if offsets[1] < offsets[0] {
		return fmt.Errorf("data_offsets %d to %d run backwards", offsets[0], offsets[1])
	}
	if e.size = int64(elems) * int64(bits) / 8; e.size != offsets[1]-offsets[0] || int64(elems)*int64(bits)%8 != 0 {
		return fmt.Errorf("%s %v takes %d bytes, data_offsets %d to %d give %d", e.stored, e.shape, e.size, offsets[0], offsets[1], offsets[1]-offsets[0])
	}
	if offsets[0] > 1<<62 {
		return fmt.Errorf("data_offsets %d to %d are past any file's end", offsets[0], offsets[1])
	}
	e.offset = h.base + offsets[0]
	return nil
}

// storedBits is the width of a safetensors dtype, those that programs cannot read included.
func storedBits(dtype string) (int, bool) {
	if d, ok := tensor.ParseDType(dtype); ok {
		return d.Size() * 8, true
	}
	switch dtype {
	case "F4":
		return 4, true
	case "F6_E2M3", "F6_E3M2":
		return 6, true
	case "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ":
		return 8, true
	case "U16":
		return 16, true
	case "U32":
		return 32, true
	case "U64", "C64":
		return 64, true
	}
	return 0, false
}
