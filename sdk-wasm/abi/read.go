package abi

// Map is a decoded map; its methods read entries of a wanted type and give the zero value for absent and other ones.
type Map map[string]any

// AsMap gives a decoded value as a Map; nil when it is none.
func AsMap(v any) Map {
	m, _ := v.(map[string]any)
	return m
}

// Text reads a text.
func (m Map) Text(key string) string {
	s, _ := m[key].(string)
	return s
}

// Bytes reads a byte string.
func (m Map) Bytes(key string) []byte {
	s, _ := m[key].([]byte)
	return s
}

// Int reads an integer.
func (m Map) Int(key string) int64 {
	n, _ := m[key].(int64)
	return n
}

// Float reads a number of either form.
func (m Map) Float(key string) float64 {
	switch n := m[key].(type) {
	case float64:
		return n
	case int64:
		return float64(n)
	case uint64:
		return float64(n)
	}
	return 0
}

// Bool reads a truth value.
func (m Map) Bool(key string) bool {
	b, _ := m[key].(bool)
	return b
}

// List reads an array.
func (m Map) List(key string) []any {
	l, _ := m[key].([]any)
	return l
}

// Map reads a map.
func (m Map) Map(key string) Map { return AsMap(m[key]) }
