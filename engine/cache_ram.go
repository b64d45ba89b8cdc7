package engine

import (
	"bytes"
	"cmp"
	"math"
	"os"
	"slices"
	"strconv"
	"time"
)

// Sized is a value that knows how much memory it holds, in bytes. The cache drops the largest first. A value that gives its
// bytes themselves, by a method Bytes, needs no such.
type Sized interface{ MemoryBytes() int64 }

const (
	gib = 1 << 30
	// largeEntry is from where results of the running prompt go first when memory is short.
	largeEntry = 512 << 20
	// unknownBytes is what a result of unknown size counts as.
	unknownBytes = 0.05
	// aging makes results of earlier prompts weigh more, for each prompt since.
	aging = 1.3
	// memoryAge is for how long a reading of the machine's memory is trusted.
	memoryAge = 250 * time.Millisecond
)

// Compat: the thresholds are the reference's.
func (c CacheConfig) withDefaults() CacheConfig {
	if c.Memory == nil {
		c.Memory = systemMemory
	}
	if c.Kind != CacheRAM {
		return c
	}
	total, _ := c.Memory()
	if c.ActiveFree == 0 {
		c.ActiveFree = min(max(total/10, 2*gib), 10*gib)
	}
	if c.InactiveFree == 0 {
		c.InactiveFree = min(total, 128*gib)
	}
	return c
}

// systemMemory reads the machine's memory. Where it cannot, memory is never short.
func systemMemory() (total, available uint64) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return math.MaxUint64, math.MaxUint64
	}
	read := func(name string) uint64 {
		_, rest, _ := bytes.Cut(text, []byte(name+":"))
		line, _, _ := bytes.Cut(rest, []byte("kB"))
		n, _ := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 64)
		return n << 10
	}
	return read("MemTotal"), read("MemAvailable")
}

type memoryReading struct {
	at               time.Time
	total, available uint64
}

func (c *cache) available(fresh bool) uint64 {
	if fresh || time.Since(c.memory.at) > memoryAge {
		total, free := c.c.Memory()
		c.memory = memoryReading{time.Now(), total, free}
	}
	return c.memory.available
}

// relieve drops results while memory is short. It is called after every node.
func (c *cache) relieve() {
	if c.c.Kind != CacheRAM {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	current := c.generation
	for r := range c.active {
		current = min(current, r.generation)
	}
	if c.available(false) < c.c.InactiveFree {
		c.drop(current, c.c.InactiveFree, false, 0)
	}
	if c.available(false) < c.c.ActiveFree {
		c.drop(current, c.c.ActiveFree, true, largeEntry)
		c.drop(current, c.c.ActiveFree, true, 0)
	}
}

type candidate struct {
	l     *level
	k     key
	e     *entry
	score float64
}

// drop deletes results, the weightiest first, until enough memory is free. Those of running prompts are spared unless
// active is set.
func (c *cache) drop(current int64, target uint64, active bool, atLeast float64) {
	var list []candidate
	for _, l := range c.roots {
		for k, e := range l.entries {
			if e.generation >= current && !active {
				continue
			}
			size := sizeOf(e.outputs)
			if size < atLeast {
				continue
			}
			list = append(list, candidate{l, k, e, size * math.Pow(aging, float64(c.generation-e.generation))})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.e.touched, a.e.touched))
	})
	for _, x := range list {
		if c.available(true) >= target {
			return
		}
		delete(x.l.entries, x.k)
	}
}

func sizeOf(outputs [][]any) float64 {
	size := unknownBytes
	for _, values := range outputs {
		for _, v := range values {
			switch x := v.(type) {
			case Sized:
				size += float64(x.MemoryBytes())
			case interface{ Bytes() []byte }:
				size += float64(len(x.Bytes()))
			}
		}
	}
	return size
}
