package clip

import (
	"bytes"
	"compress/gzip"
	_ "embed" // merges.txt.gz
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed merges.txt.gz
var mergesGz []byte

// firstMerge is the id of the first merge's token: before it come the 256 bytes, and the 256 bytes that end a word.
const firstMerge = 512

// vocab holds the merges. The token of merge i has the id firstMerge+i, so that the id is also the merge's priority: the
// vocabulary needs no table of words.
type vocab struct {
	byteID [256]int32 // byte -> id; +256 at the end of a word
	keys   []uint32   // open addressing: mergeKey, 0 for a free place
	ids    []uint16   // the merged id
	shift  uint
}

// vocabulary is unpacked once: it is 49 thousand constants, not state.
var vocabulary = sync.OnceValue(loadVocab)

// tableBits makes the table a bit over a third full.
const tableBits = 17

func loadVocab() *vocab {
	text, err := unpack(mergesGz)
	if err != nil {
		panic(fmt.Sprintf("clip: embedded merges: %v", err))
	}
	v := &vocab{
		keys:  make([]uint32, 1<<tableBits),
		ids:   make([]uint16, 1<<tableBits),
		shift: 32 - tableBits,
	}
	words := make(map[string]uint16, 49500)
	for id, b := range byteOrder() {
		v.byteID[b] = int32(id)
		words[string(byteRune(b))] = uint16(id)
		words[string(byteRune(b))+"</w>"] = uint16(id + 256)
	}
	id := uint16(firstMerge)
	_, text, _ = strings.Cut(text, "\n") // the version
	for line := range strings.Lines(text) {
		left, right, ok := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if !ok {
			continue
		}
		l, okL := words[left]
		r, okR := words[right]
		if !okL || !okR {
			panic(fmt.Sprintf("clip: merge %q of unknown parts", line))
		}
		v.put(l, r, id)
		words[left+right] = id
		id++
	}
	if int32(id) != Start {
		panic(fmt.Sprintf("clip: %d tokens", id))
	}
	return v
}

func unpack(gz []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.Grow(1 << 19)
	_, err = io.Copy(&b, r)
	return b.String(), err
}

func (v *vocab) slot(key uint32) uint32 { return key * 0x9E3779B1 >> v.shift }

// mergeKey is never 0: ids stay under 1<<16 - 1.
func mergeKey(left, right uint32) uint32 { return (left<<16 | right) + 1 }

func (v *vocab) put(left, right, id uint16) {
	key := mergeKey(uint32(left), uint32(right))
	i := v.slot(key)
	for v.keys[i] != 0 {
		i = (i + 1) & (1<<tableBits - 1)
	}
	v.keys[i], v.ids[i] = key, id
}

// merge gives the id of the token that left and right merge to.
func (v *vocab) merge(left, right int32) (int32, bool) {
	key := mergeKey(uint32(left), uint32(right))
	for i := v.slot(key); v.keys[i] != 0; i = (i + 1) & (1<<tableBits - 1) {
		if v.keys[i] == key {
			return int32(v.ids[i]), true
		}
	}
	return 0, false
}

// printable reports whether byte-level BPE writes a byte as the rune of the same number.
func printable(b int) bool {
	return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae && b <= 0xff
}

// byteOrder lists the bytes in the order of their ids: the printable ones, then the others.
func byteOrder() []byte {
	order := make([]byte, 0, 256)
	for _, want := range []bool{true, false} {
		for b := range 256 {
			if printable(b) == want {
				order = append(order, byte(b))
			}
		}
	}
	return order
}

// byteRune gives the rune that merges.txt writes for a byte: itself, or from U+0100 on.
func byteRune(b byte) rune {
	if printable(int(b)) {
		return rune(b)
	}
	n := 0
	for other := range int(b) {
		if !printable(other) {
			n++
		}
	}
	return rune(256 + n)
}
