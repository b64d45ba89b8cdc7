package models

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// names answers questions about the tensors of a source below a prefix.
type names struct {
	src    weights.Source
	all    []string // sorted, of the whole source
	prefix string
}

func newNames(src weights.Source) names { return names{src: src, all: src.Names()} }

// sub is the tensors below a further prefix, which ends in a dot or is empty.
func (n names) sub(prefix string) names {
	n.prefix += prefix
	return n
}

// has reports whether there is a tensor of that name.
func (n names) has(name string) bool {
	_, ok := slices.BinarySearch(n.all, n.prefix+name)
	return ok
}

func (n names) hasAll(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !n.has(name) })
}

// hasAny takes name once with each ending.
func (n names) hasAny(name string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return n.has(name + e) })
}

// below is the names that start with prefix, prefix included.
func (n names) below(prefix string) []string {
	full := n.prefix + prefix
	from, _ := slices.BinarySearch(n.all, full)
	to := from
	for to < len(n.all) && strings.HasPrefix(n.all[to], full) {
		to++
	}
	return n.all[from:to]
}

func (n names) hasBelow(prefix string) bool {
	full := n.prefix + prefix
	at, _ := slices.BinarySearch(n.all, full)
	return at < len(n.all) && strings.HasPrefix(n.all[at], full)
}

// count is how many numbers from 0 on have tensors below before+number+after.
func (n names) count(before, after string) int {
	for i := 0; ; i++ {
		if !n.hasBelow(before + strconv.Itoa(i) + after) {
			return i
		}
	}
}

func (n names) shape(name string) tensor.Shape {
	info, ok := weights.Describe(n.src, n.prefix+name)
	if !ok {
		return nil
	}
	return info.Shape
}

// dim is one size of a tensor; 0 when there is no such tensor or dimension.
func (n names) dim(name string, i int) int {
	s := n.shape(name)
	if i >= len(s) {
		return 0
	}
	return s[i]
}

// value is the first element of a tensor; false when there is none or it is of a type that cannot be read.
func (n names) value(name string) (float64, bool) {
	info, ok := weights.Describe(n.src, n.prefix+name)
	if !ok || info.DType == tensor.Invalid || info.Shape.Elems() == 0 {
		return 0, false
	}
	t, ok := n.src.Tensor(n.prefix + name)
	if !ok {
		return 0, false
	}
	size := t.DType().Size()
	var out [1]float64
	tensor.ReadF64(out[:], t.DType(), t.Bytes()[:size])
	return out[0], true
}
