// Package doc holds JSON as prompts need it: objects keep the order of their keys, integers stay integers, and nothing that
// a client sends can exhaust time or memory. Values are nil, bool, string, int64, uint64 (above int64), *big.Int (beyond
// both), float64, []any and *Object.
package doc

// Object is a JSON object in the order in which its keys were set. The zero Object is empty and ready for use.
type Object struct {
	keys  []string
	vals  []any
	index map[string]int // nil while the object is small
}

// small is how many keys are searched one by one.
const small = 12

// Of makes an object of keys and values in turn.
func Of(pairs ...any) *Object {
	o := &Object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Len is the number of keys.
func (o *Object) Len() int { return len(o.keys) }

// Keys lists the keys in order; the caller must not change the slice.
func (o *Object) Keys() []string { return o.keys }

// At gives the i-th key and its value.
func (o *Object) At(i int) (string, any) { return o.keys[i], o.vals[i] }

// Get finds a value by key.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.vals[i], true
	}
	return nil, false
}

// Has reports whether the key is there.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Set sets a value: in its place if the key is there, else at the end.
func (o *Object) Set(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.keys, o.vals = append(o.keys, key), append(o.vals, v)
	switch {
	case o.index != nil:
		o.index[key] = len(o.keys) - 1
	case len(o.keys) > small:
		o.reindex()
	}
}

// Delete removes a key; others keep their order.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.keys = append(o.keys[:i:i], o.keys[i+1:]...)
	o.vals = append(o.vals[:i:i], o.vals[i+1:]...)
	if o.index != nil {
		o.reindex()
	}
}

func (o *Object) reindex() {
	o.index = make(map[string]int, len(o.keys))
	for i, k := range o.keys {
		o.index[k] = i
	}
}

func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Clone copies the object and everything in it.
func (o *Object) Clone() *Object { return cloneValue(o).(*Object) }

func cloneValue(v any) any {
	switch x := v.(type) {
	case *Object:
		c := &Object{keys: append([]string(nil), x.keys...), vals: make([]any, len(x.vals))}
		for i, e := range x.vals {
			c.vals[i] = cloneValue(e)
		}
		if len(c.keys) > small {
			c.reindex()
		}
		return c
	case []any:
		c := make([]any, len(x))
		for i, e := range x {
			c[i] = cloneValue(e)
		}
		return c
	}
	return v
}

// Plain turns Objects into map[string]any, which is how nodes receive them. Integers beyond uint64 become floats.
func Plain(v any) any {
	switch x := v.(type) {
	case *Object:
		m := make(map[string]any, x.Len())
		for i, k := range x.keys {
			m[k] = Plain(x.vals[i])
		}
		return m
	case []any:
		c := make([]any, len(x))
		for i, e := range x {
			c[i] = Plain(e)
		}
		return c
	case bigInt:
		f, _ := x.Float64()
		return f
	}
	return v
}

// Within goes down into nested objects by their keys; nil when there is nothing, or no object on the way.
func Within(v any, keys ...string) any {
	for _, k := range keys {
		o, ok := v.(*Object)
		if !ok {
			return nil
		}
		v, _ = o.Get(k)
	}
	return v
}
