package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// heavy is a value of a size.
type heavy int64

func (h heavy) MemoryBytes() int64 { return int64(h) }

// lazyMap fails the test when anybody looks into it.
type lazyMap map[string]any

// test_ram_pressure_cache and test_caching of the reference: what is dropped, in which order.
func TestMemoryPressure(t *testing.T) {
	const mib = 1 << 20
	free := uint64(0)
	c := newCache(CacheConfig{Kind: CacheRAM, ActiveFree: 100 * mib, InactiveFree: 1000 * mib, Memory: func() (uint64, uint64) { return 2000 * mib, free }})
	l := c.root("")
	add := func(name byte, size, generation int64) {
		l.entries[key{name}] = &entry{outputs: [][]any{{heavy(size)}}, generation: generation, touched: int64(name)}
	}
	reset := func() {
		clear(l.entries)
		c.generation = 5
		add('o', 10*mib, 1) // old and small
		add('b', 30*mib, 4) // newer and larger
		add('n', 1*mib, 4)
		add('a', 600*mib, 5) // of the running prompt
		add('s', 2*mib, 5)
		l.entries[key{'z'}] = &entry{outputs: [][]any{{lazyMap{}}}, generation: 1, touched: 1}
	}
	left := func() string {
		names := ""
		for _, n := range "obnasz" {
			if l.entries[key{byte(n)}] != nil {
				names += string(n)
			}
		}
		return names
	}
	for _, row := range []struct {
		name string
		free uint64
		gain uint64 // memory that comes back with each entry that goes
		want string
	}{
		{"enough", 2000 * mib, 0, "obnasz"},
		{"short of inactive memory: what older prompts left goes", 500 * mib, 0, "as"},
		{"until there is enough: the weightiest goes first", 995 * mib, 5 * mib, "onasz"},
		{"short of active memory: large results of this prompt go too", 50 * mib, 0, ""},
		{"until there is enough again", 50 * mib, 10 * mib, "s"},
	} {
		reset()
		free = row.free
		before := len(l.entries)
		c.c.Memory = func() (uint64, uint64) { return 2000 * mib, row.free + uint64(before-len(l.entries))*row.gain }
		c.memory = memoryReading{}
		c.relieve()
		if d := cmp.Diff(row.want, left()); d != "" {
			t.Errorf("%s: -want +got\n%s", row.name, d)
		}
	}
}

func TestClearForgetsAll(t *testing.T) {
	c := newCache(CacheConfig{Kind: CacheLRU, Entries: 5})
	c.root("").entries[key{1}] = &entry{}
	c.clear()
	if len(c.root("").entries) != 0 {
		t.Error("an entry stays")
	}
}
