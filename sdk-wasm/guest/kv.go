package guest

import (
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Scope is whose values a KV holds.
type Scope uint32

// The scopes.
const (
	Tenant Scope = 0
	Prompt Scope = 1
)

// Get reads a value; a missing one is Error(abi.ENOENT).
func (s Scope) Get(key string) ([]byte, error) {
	return fetched(func(o, limit uint32) int64 {
		p, n := atText(key)
		return hostKvGet(uint32(s), p, n, o, limit)
	})
}

// Put sets a value; ttl 0 keeps it.
func (s Scope) Put(key string, value []byte, ttl time.Duration) error {
	k, kn := atText(key)
	p, n := at(value)
	return check(int64(hostKvPut(uint32(s), k, kn, p, n, ttl.Milliseconds())))
}

// Swap sets a value if the present one is old, nil for none; else it is Error(abi.ECONFLICT).
func (s Scope) Swap(key string, old, value []byte) error {
	k, kn := atText(key)
	o, on := at(old)
	p, n := at(value)
	return check(int64(hostKvCas(uint32(s), k, kn, o, on, p, n)))
}

// Delete forgets a value.
func (s Scope) Delete(key string) error {
	k, n := atText(key)
	return check(int64(hostKvDelete(uint32(s), k, n)))
}

// List gives the keys that start with prefix, sorted.
func (s Scope) List(prefix string) ([]string, error) {
	b, err := fetched(func(o, limit uint32) int64 {
		p, n := atText(prefix)
		return hostKvList(uint32(s), p, n, o, limit)
	})
	if err != nil {
		return nil, err
	}
	v, err := abi.Decode(b, abi.DefaultLimits())
	list, _ := v.([]any)
	keys := make([]string, 0, len(list))
	for _, k := range list {
		t, _ := k.(string)
		keys = append(keys, t)
	}
	return keys, err
}

// Wait waits for a message to the running node under a topic, without using fuel.
func Wait(topic string, timeout time.Duration) ([]byte, error) {
	b := make([]byte, abi.MaxMsgBytes)
	t, tn := atText(topic)
	p, n := at(b)
	got := hostMsgWait(t, tn, uint32(timeout.Milliseconds()), p, n)
	if err := check(got); err != nil {
		return nil, err
	}
	return b[:got], nil
}

// Post leaves a message for a node of a prompt, "" for whichever runs it, and reports whether the node takes it now.
func Post(prompt, node, topic string, message []byte) (taken bool, err error) {
	p, pn := atText(prompt)
	i, in := atText(node)
	t, tn := atText(topic)
	m, mn := at(message)
	n := hostMsgPost(p, pn, i, in, t, tn, m, mn)
	return n == 1, check(int64(n))
}
