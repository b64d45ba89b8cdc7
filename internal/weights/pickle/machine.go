package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Limits on one pickle. A checkpoint of thousands of tensors stays far below them.
const (
	maxValues = 1 << 23 // pushed in all
	maxStack  = 1 << 20
	maxLong   = 1 << 10 // bytes of one integer
)

// Rules says what names in a pickle mean.
type Rules struct {
	// Find is asked for each name before it is pushed; an error ends the reading.
	Find func(g Global) error
	// Reduce is the call of a name that Find let pass.
	Reduce func(g Global, args Tuple) (any, error)
	// Persistent is the value behind a persistent id.
	Persistent func(id any) (any, error)
}

// Load reads one pickle from the start of data and gives its value and length in bytes. Errors name the byte.
func Load(data []byte, rules Rules) (v any, n int, err error) {
	m := &machine{data: data, rules: rules, memo: map[uint32]any{}}
	for !m.done {
		at := m.at
		if err := m.step(); err != nil {
			return nil, at, fmt.Errorf("pickle byte %d: %w", at, err)
		}
	}
	return m.result, m.at, nil
}

type machine struct {
	data   []byte
	at     int
	rules  Rules
	stack  []any
	marks  []int
	memo   map[uint32]any
	pushed int
	done   bool
	result any
}

var (
	errCut   = errors.New("the data ends")
	errStack = errors.New("an operation lacks its operands")
)

func (m *machine) push(v any) error {
	m.pushed++
	if m.pushed > maxValues || len(m.stack) >= maxStack {
		return errors.New("too many values")
	}
	m.stack = append(m.stack, v)
	return nil
}

// floor is where the values above the last mark begin.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errStack
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errStack
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark takes all values above the last mark, and the mark. The slice is the caller's.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errStack
	}
	from := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	items := append([]any(nil), m.stack[from:]...)
	m.stack = m.stack[:from]
	return items, nil
}

func (m *machine) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.at) {
		return nil, errCut
	}
	b := m.data[m.at : m.at+int(n)]
	m.at += int(n)
	return b, nil
}

// uint reads n bytes, little-endian.
func (m *machine) uint(n int) (uint64, error) {
	b, err := m.bytes(uint64(n))
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], b)
	return binary.LittleEndian.Uint64(full[:]), nil
}

// counted reads a length of n bytes and as many bytes as it says.
func (m *machine) counted(n int) ([]byte, error) {
	size, err := m.uint(n)
	if err != nil {
		return nil, err
	}
	return m.bytes(size)
}

// line reads up to a newline.
func (m *machine) line() (string, error) {
	rest := m.data[m.at:]
	rest = rest[:min(len(rest), 1024)]
	i := strings.IndexByte(string(rest), '\n')
	if i < 0 {
		return "", errCut
	}
	m.at += i + 1
	return string(rest[:i]), nil
}

// long reads an integer in two's complement, little-endian.
func (m *machine) long(n int) (any, error) {
	b, err := m.counted(n)
	if err != nil {
		return nil, err
	}
	if len(b) > maxLong {
		return nil, errors.New("an integer of too many bytes")
	}
	v, weight := new(big.Int), big.NewInt(1)
	for i, c := range b {
		d := int64(c)
		if i == len(b)-1 {
			d = int64(int8(c))
		}
		v.Add(v, new(big.Int).Mul(weight, big.NewInt(d)))
		weight.Lsh(weight, 8)
	}
	if v.IsInt64() {
		return v.Int64(), nil
	}
	return v, nil
}

func (m *machine) float() (any, error) {
	b, err := m.bytes(8)
	if err != nil {
		return nil, err
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

// remember puts the top of the stack into the memo.
func (m *machine) remember(slot uint64, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	m.memo[uint32(slot)] = v
	return nil
}

func (m *machine) recall(slot uint64, err error) error {
	if err != nil {
		return err
	}
	v, ok := m.memo[uint32(slot)]
	if !ok {
		return fmt.Errorf("memo %d is empty", slot)
	}
	return m.push(v)
}
