package worker

import (
	"encoding/binary"
	"fmt"
)

// kind says what a message of a slot's socket is.
type kind byte

const (
	begin kind = 1 + iota
	call
	version
	filled
	result
	trap
	host
	fill
	done
	fail
)

const (
	maxWords   = 4096 // globals of a module
	maxText    = 4096
	maxMessage = 4 + maxWords*8 + maxText
)

// message is one message of a slot's socket. size and fuel are the worker's to say.
type message struct {
	kind  kind
	words []uint64
	text  string
}

// append writes the message behind b: kind, number of words, words, text.
func (m *message) append(b []byte) []byte {
	b = append(b, byte(m.kind), 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.words)))
	for _, w := range m.words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return append(b, m.text[:min(len(m.text), maxText)]...)
}

// read reads a message. Its words are put into m's own.
func (m *message) read(b []byte) error {
	if len(b) < 4 {
		return fmt.Errorf("a message of %d bytes", len(b))
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n > maxWords || len(b) < 4+8*n {
		return fmt.Errorf("a message of %d bytes with %d words", len(b), n)
	}
	m.kind, m.words = kind(b[0]), m.words[:0]
	for i := range n {
		m.words = append(m.words, binary.LittleEndian.Uint64(b[4+8*i:]))
	}
	m.text = ""
	if rest := b[4+8*n:]; len(rest) > 0 {
		m.text = string(rest[:min(len(rest), maxText)])
	}
	return nil
}

// word is the i-th word; 0 when there is none.
func (m *message) word(i int) uint64 {
	if i < len(m.words) {
		return m.words[i]
	}
	return 0
}

// order is what the server asks of a worker on its own socket, as JSON; files come beside it.
type order struct {
	// Funcs are the host functions, told first.
	Funcs     []signature `json:"funcs,omitempty"`
	Interpret bool        `json:"interpret,omitempty"`

	Load   *program `json:"load,omitempty"`
	Open   *opening `json:"open,omitempty"`
	Unload int      `json:"unload,omitempty"`
}

// signature is a host function without what it does.
type signature struct{ Module, Name, Params, Results string }

// program comes with the file of the rewritten module, and of the image if there is one.
type program struct {
	ID         int      `json:"id"`
	Module     int      `json:"module"` // bytes
	Globals    []global `json:"globals"`
	Resettable bool     `json:"resettable"`
	Depth      int32    `json:"depth"`
	MostPages  int      `json:"most_pages"`
	Image      bool     `json:"image"`
	Size       int      `json:"size"`
	File       int      `json:"file"`
	Values     []uint64 `json:"values"`
}

// global is a mutable global by number and type.
type global struct {
	Index int  `json:"index"`
	Type  byte `json:"type"`
}

// opening comes with the slot's socket and its memory file.
type opening struct {
	Program int `json:"program"`
	Limit   int `json:"limit"` // bytes of memory while it is being set up
}

// answer is what a worker says to an order.
type answer struct {
	Error   string   `json:"error,omitempty"`
	Missing []string `json:"missing,omitempty"` // what the system does not confine it by
}
