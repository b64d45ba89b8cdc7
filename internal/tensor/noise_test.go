package tensor

import (
	"math"
	"testing"
)

// TestPhilox holds the generator to the known answers that Random123 publishes with it.
func TestPhilox(t *testing.T) {
	const all = math.MaxUint32
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{all, all, all, all}, [2]uint32{all, all}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0}, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := philox(c.counter, c.key); got != c.want {
			t.Errorf("philox(%x, %x) is %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

// TestNoise checks the moments of both distributions, and that seed and stream matter.
func TestNoise(t *testing.T) {
	for _, c := range []struct {
		kind           Kind
		mean, variance float64
	}{{KindUniform, 0.5, 1.0 / 12}, {KindNormal, 0, 1}} {
		n := NewNoise(&Op{Kind: c.kind, Attr: Attr{I: []int{-7, 3, 1}}})
		const blocks = 50_000
		sum, sq := 0.0, 0.0
		for i := range uint64(blocks) {
			for _, v := range n.Block(i) {
				sum, sq = sum+v, sq+v*v
			}
		}
		mean := sum / (4 * blocks)
		if variance := sq/(4*blocks) - mean*mean; math.Abs(mean-c.mean) > 0.01 || math.Abs(variance-c.variance) > 0.01 {
			t.Errorf("%v has mean %v and variance %v, want %v and %v", c.kind, mean, variance, c.mean, c.variance)
		}
		for _, other := range [][]int{{-7, 3, 2}, {-7, 4, 1}, {7, 3, 1}} {
			if NewNoise(&Op{Kind: c.kind, Attr: Attr{I: other}}).Block(0) == n.Block(0) {
				t.Errorf("%v gives the same for %v", c.kind, other)
			}
		}
	}
}
