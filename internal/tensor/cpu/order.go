package cpu

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

func asI64(b []byte) []int64 {
	return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

func asBytes(s []int64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*8)
}

// sortKey orders as the number does, NaN behind all others and both zeros alike.
func sortKey(v float32) uint32 {
	b := math.Float32bits(v)
	switch {
	case v != v:
		return math.MaxUint32
	case v == 0:
		return 1 << 31
	case b>>31 == 1:
		return ^b
	}
	return b | 1<<31
}

// sortKeys gives the elements' places in order, in the low half of each key; equals stay in order. keys is room for twice as
// many keys as there are elements. Of a long line it gives nil when the run is over.
func (r *run) sortKeys(line []float32, keys []uint64, down bool) []uint64 {
	flip := uint32(0)
	if down {
		flip = math.MaxUint32
	}
	n := len(line)
	k, spare := keys[:n], keys[n:2*n]
	for from := 0; from < n && r.goes(from); from += look {
		to := min(from+look, n)
		for i := from; i < to; i++ {
			k[i] = uint64(sortKey(line[i])^flip)<<32 | uint64(i)
		}
	}
	const few = 200 // under which comparing is faster than counting
	if n < few {
		slices.Sort(k)
		return k
	}
	if k = r.radixSort(k, spare); n > look && r.over() {
		return nil
	}
	return k
}

// Digits of radix sorts: three of 11 bits are a float32's key.
const digit, digits = 11, 1 << 11

// radixSort sorts by the high half of the keys, which stand in the order of their low halves; it gives one of the slices. A run
// that is over leaves them unsorted.
func (r *run) radixSort(k, spare []uint64) []uint64 {
	var counts [3][digits]uint32
	for from := 0; from < len(k) && r.goes(from); from += look {
		to := min(from+look, len(k))
		for _, v := range k[from:to] {
			counts[0][v>>32&(digits-1)]++
			counts[1][v>>43&(digits-1)]++
			counts[2][v>>54]++
		}
	}
	for d := range counts {
		at, c := uint32(0), &counts[d]
		shift := 32 + digit*d
		if int(c[k[0]>>shift&(digits-1)]) == len(k) {
			continue // all alike
		}
		for i, n := range c {
			c[i] = at
			at += n
		}
		for from := 0; from < len(k) && r.goes(from); from += look {
			to := min(from+look, len(k))
			for _, v := range k[from:to] {
				p := &c[v>>shift&(digits-1)]
				spare[*p] = v
				*p++
			}
		}
		if r.over() { // the keys are not all there
			return k
		}
		k, spare = spare, k
	}
	return k
}

// quantile is the element at a place of the sorted line, between two elements by their distance; NaN if any is. The line is
// left in another order.
func (r *run) quantile(line []float32, at float64) float32 {
	if len(line) > look {
		return r.longQuantile(line, at)
	}
	for _, v := range line {
		if v != v {
			return v
		}
	}
	if len(line) == 9 && at == 4 {
		return median9((*[9]float32)(line))
	}
	lo := int(at)
	selectNth(line, lo)
	t := at - float64(lo)
	if t == 0 {
		return line[lo]
	}
	next := line[lo+1]
	for _, v := range line[lo+1:] {
		next = min(next, v)
	}
	return between(line[lo], next, t)
}

func between(a, b float32, t float64) float32 { return float32(float64(a) + t*(float64(b)-float64(a))) }

// longQuantile is quantile by counting the digits of keys, from the highest on, so that no line takes long and each pass can
// end early.
func (r *run) longQuantile(line []float32, at float64) float32 {
	lo := int(at)
	low, high, before := uint32(0), uint32(math.MaxUint32), 0 // what the wanted key is between; how many are under low
	for shift := 32 - digit; ; shift = max(shift-digit, 0) {
		var counts [digits]int
		for from := 0; from < len(line) && r.goes(from); from += look {
			to := min(from+look, len(line))
			for _, v := range line[from:to] {
				if k := sortKey(v); k >= low && k <= high {
					counts[(k-low)>>shift]++
				}
			}
		}
		d := 0
		for ; d < digits-1 && before+counts[d] <= lo; d++ {
			before += counts[d]
		}
		low += uint32(d) << shift
		high = low + 1<<shift - 1
		if shift == 0 {
			return r.nextTo(line, low, before+counts[d], lo, at-float64(lo))
		}
	}
}

// nextTo is what lies t on the way from the element with a key, at place lo, to the one behind it; upTo elements have that key
// or a lower one.
func (r *run) nextTo(line []float32, key uint32, upTo, lo int, t float64) float32 {
	found, next := float32(0), float32(math.Inf(1))
	for from := 0; from < len(line) && r.goes(from); from += look {
		to := min(from+look, len(line))
		for _, v := range line[from:to] {
			if v != v {
				return v
			}
			switch k := sortKey(v); {
			case k == key:
				found = v
			case k > key:
				next = min(next, v)
			}
		}
	}
	if t == 0 || upTo > lo+1 {
		return found
	}
	return between(found, next, t)
}

// selectNth moves the element that belongs at place n of the sorted line there, with none greater before and none less behind
// it. The line has no NaN. Source: Hoare, "Algorithm 65: Find"; after too many rounds it sorts, so that no line takes long.
func selectNth(line []float32, n int) {
	lo, hi := 0, len(line)-1
	for rounds := 2 * bits.Len(uint(len(line))); hi-lo >= 12; rounds-- {
		if rounds == 0 {
			slices.Sort(line[lo : hi+1])
			return
		}
		pivot := middle(line[lo], line[(lo+hi)/2], line[hi])
		i, j := lo, hi
		for i <= j {
			for line[i] < pivot {
				i++
			}
			for line[j] > pivot {
				j--
			}
			if i <= j {
				line[i], line[j] = line[j], line[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			hi = j
		case n >= i:
			lo = i
		default:
			return
		}
	}
	for i := lo + 1; i <= hi; i++ {
		v := line[i]
		j := i - 1
		for ; j >= lo && line[j] > v; j-- {
			line[j+1] = line[j]
		}
		line[j+1] = v
	}
}

// median9 is the middle of nine numbers, none of them NaN, by a network of exchanges. Source: Smith, "Implementing median
// filters in XC4000E FPGAs", XCell 23, 1996.
func median9(v *[9]float32) float32 {
	for _, p := range [19][2]uint8{{1, 2}, {4, 5}, {7, 8}, {0, 1}, {3, 4}, {6, 7}, {1, 2}, {4, 5}, {7, 8}, {0, 3}, {5, 8}, {4, 7}, {3, 6}, {1, 4}, {2, 5}, {4, 7}, {4, 2}, {6, 4}, {4, 2}} {
		a, b := v[p[0]], v[p[1]]
		v[p[0]], v[p[1]] = min(a, b), max(a, b)
	}
	return v[4]
}

func middle(a, b, c float32) float32 { return max(min(a, b), min(max(a, b), c)) }
