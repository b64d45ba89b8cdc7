package pickle

import (
	"errors"
	"fmt"
)

// step runs one opcode. Every opcode that is not here is refused.
func (m *machine) step() error {
	code, err := m.uint(1)
	if err != nil {
		return err
	}
	switch op := byte(code); op {
	case 0x80: // PROTO
		v, err := m.uint(1)
		if err == nil && v > 5 {
			return fmt.Errorf("protocol %d", v)
		}
		return err
	case 0x95: // FRAME
		_, err := m.uint(8)
		return err
	case '.': // STOP
		m.result, err = m.pop()
		m.done = true
		return err
	case '(': // MARK
		return m.mark()
	case '0': // POP
		_, err := m.pop()
		return err
	case '1': // POP_MARK
		_, err := m.popMark()
		return err
	case '2': // DUP
		v, err := m.top()
		if err != nil {
			return err
		}
		return m.push(v)
	case 'q', 'r', 0x94, 'h', 'j':
		return m.memory(op)
	case 'c', 0x93, 'R', 0x81, 'b', 'Q':
		return m.named(op)
	case ')', 't', 0x85, 0x86, 0x87, ']', '}', 0x8f, 'l', 'd', 0x91:
		return m.build(op)
	case 'a', 'e', 's', 'u', 0x90:
		return m.fill(op)
	}
	return m.scalar(byte(code))
}

func (m *machine) mark() error {
	m.pushed++
	if m.pushed > maxValues {
		return errors.New("too many marks")
	}
	m.marks = append(m.marks, len(m.stack))
	return nil
}

// memory runs BINPUT, LONG_BINPUT, MEMOIZE, BINGET and LONG_BINGET.
func (m *machine) memory(op byte) error {
	switch op {
	case 'q':
		return m.remember(m.uint(1))
	case 'r':
		return m.remember(m.uint(4))
	case 0x94:
		return m.remember(uint64(len(m.memo)), nil)
	case 'h':
		return m.recall(m.uint(1))
	}
	return m.recall(m.uint(4))
}

// scalar pushes a value that the opcode itself holds.
func (m *machine) scalar(op byte) error {
	v, err := m.scalarValue(op)
	if err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) scalarValue(op byte) (any, error) {
	switch op {
	case 'N': // NONE
		return nil, nil
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		return op == 0x88, nil
	case 'J': // BININT
		n, err := m.uint(4)
		return int64(int32(uint32(n))), err
	case 'K': // BININT1
		n, err := m.uint(1)
		return int64(n), err
	case 'M': // BININT2
		n, err := m.uint(2)
		return int64(n), err
	case 0x8a: // LONG1
		return m.long(1)
	case 0x8b: // LONG4
		return m.long(4)
	case 'G': // BINFLOAT
		return m.float()
	case 'X', 'T': // BINUNICODE; BINSTRING, text in pickles of Python 2
		return text(m.counted(4))
	case 0x8c, 'U': // SHORT_BINUNICODE, SHORT_BINSTRING
		return text(m.counted(1))
	case 0x8d: // BINUNICODE8
		return text(m.counted(8))
	case 'B': // BINBYTES
		b, err := m.counted(4)
		return Bytes(b), err
	case 'C': // SHORT_BINBYTES
		b, err := m.counted(1)
		return Bytes(b), err
	case 0x8e, 0x96: // BINBYTES8, BYTEARRAY8
		b, err := m.counted(8)
		return Bytes(b), err
	}
	return nil, fmt.Errorf("opcode %#02x is not allowed", op)
}

func text(b []byte, err error) (any, error) { return string(b), err }

// build pushes a container.
func (m *machine) build(op byte) error {
	switch op {
	case ')': // EMPTY_TUPLE
		return m.push(Tuple{})
	case ']', 0x8f: // EMPTY_LIST, EMPTY_SET
		return m.push(&List{})
	case '}': // EMPTY_DICT
		return m.push(&Dict{})
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		n := int(op - 0x84)
		if len(m.stack)-m.floor() < n {
			return errStack
		}
		from := len(m.stack) - n
		t := append(Tuple(nil), m.stack[from:]...)
		m.stack = m.stack[:from]
		return m.push(t)
	}
	items, err := m.popMark()
	if err != nil {
		return err
	}
	switch op {
	case 't': // TUPLE
		return m.push(Tuple(items))
	case 'd': // DICT
		d := &Dict{}
		if err := d.setAll(items); err != nil {
			return err
		}
		return m.push(d)
	}
	return m.push(&List{Items: items}) // LIST, FROZENSET
}

func (d *Dict) setAll(items []any) error {
	if len(items)%2 != 0 {
		return errStack
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return nil
}

// fill puts values into the container below them. Containers that nobody looks into swallow them.
func (m *machine) fill(op byte) error {
	var items []any
	var err error
	switch op {
	case 'a': // APPEND
		items, err = m.take(1)
	case 's': // SETITEM
		items, err = m.take(2)
	default: // APPENDS, SETITEMS, ADDITEMS
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	into, err := m.top()
	if err != nil {
		return err
	}
	switch c := into.(type) {
	case *Dict:
		if op == 's' || op == 'u' {
			return c.setAll(items)
		}
	case *List:
		if op != 's' && op != 'u' {
			c.Items = append(c.Items, items...)
			return nil
		}
	case *Object:
		return nil
	}
	return fmt.Errorf("a %T cannot be filled by opcode %q", into, op)
}

func (m *machine) take(n int) ([]any, error) {
	if len(m.stack)-m.floor() < n {
		return nil, errStack
	}
	items := append([]any(nil), m.stack[len(m.stack)-n:]...)
	m.stack = m.stack[:len(m.stack)-n]
	return items, nil
}

// named runs the opcodes that reach outside: GLOBAL, STACK_GLOBAL, REDUCE, NEWOBJ, BUILD and BINPERSID.
func (m *machine) named(op byte) error {
	switch op {
	case 'c': // GLOBAL
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.find(Global{module, name})
	case 'Q': // BINPERSID
		id, err := m.pop()
		if err != nil {
			return err
		}
		v, err := m.rules.Persistent(id)
		if err != nil {
			return err
		}
		return m.push(v)
	}
	pair, err := m.take(2)
	if err != nil {
		return err
	}
	switch op {
	case 0x93: // STACK_GLOBAL
		module, ok1 := pair[0].(string)
		name, ok2 := pair[1].(string)
		if !ok1 || !ok2 {
			return errors.New("a name that is no text")
		}
		return m.find(Global{module, name})
	case 'R', 0x81: // REDUCE, NEWOBJ
		return m.call(pair[0], pair[1])
	}
	// BUILD: attributes of an object. No value we make has any that count.
	return m.push(pair[0])
}

// call asks the rules what a name applied to arguments is.
func (m *machine) call(callee, args any) error {
	g, ok1 := callee.(Global)
	t, ok2 := args.(Tuple)
	if !ok1 || !ok2 {
		return fmt.Errorf("a call of a %T with a %T", callee, args)
	}
	v, err := m.rules.Reduce(g, t)
	if err != nil {
		return err
	}
	return m.push(v)
}

func (m *machine) find(g Global) error {
	if err := m.rules.Find(g); err != nil {
		return err
	}
	return m.push(g)
}
