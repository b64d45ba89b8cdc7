package rng

import (
	"encoding/json"
	"math"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
)

type row struct {
	Key, Seed, Op string
	Shape         []int
	Low, High     *json.Number
	BatchIndex    []int `json:"batch_index"`
}

func TestGoldenRNG(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "rng.safetensors"))
	var rows []row
	if err := json.Unmarshal([]byte(f.Metadata["index"]), &rows); err != nil {
		t.Fatal(err)
	}
	var gen *Generator
	for _, r := range rows {
		seed, err := strconv.ParseUint(r.Seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(r.Key, "sequence/") {
			gen = New(seed)
		}
		t.Run(r.Key, func(t *testing.T) {
			if parts := strings.Split(r.Key, "/"); parts[0] == "sequence" {
				gen = sequence(rows, r, seed)
			}
			check(t, f, gen, r)
		})
	}
}

// sequence makes the draws that come before r from the same generator.
func sequence(rows []row, r row, seed uint64) *Generator {
	g := New(seed)
	parts := strings.Split(r.Key, "/")
	at, _ := strconv.Atoi(parts[1])
	for i := range at {
		for _, o := range rows {
			p := strings.Split(o.Key, "/")
			if p[0] == "sequence" && p[1] == strconv.Itoa(i) && o.Seed == r.Seed {
				draw(g, o)
			}
		}
	}
	return g
}

func elems(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func draw(g *Generator, r row) (f32 []float32, f64 []float64, i64 []int64) {
	n := elems(r.Shape)
	switch path.Base(r.Op) {
	case "randn_like_global_2nd":
		f32 = make([]float32, n)
		g.Randn(f32)
		g.Randn(f32)
	case "randn", "randn_like_global":
		f32 = make([]float32, n)
		g.Randn(f32)
	case "randn_first64_last64":
		all := make([]float32, n)
		g.Randn(all)
		f32 = append(append(f32, all[:64]...), all[n-64:]...)
	case "randn_f64":
		f64 = make([]float64, n)
		g.RandnF64(f64)
	case "rand":
		f32 = make([]float32, n)
		g.Rand(f32)
	case "randint":
		low, high := int64(0), int64(1000) // what the sequences draw
		if r.Low != nil {
			low, _ = r.Low.Int64()
			high, _ = r.High.Int64()
		}
		i64 = make([]int64, n)
		g.RandInt(i64, low, high)
	case "randperm":
		i64 = g.Perm(n)
	case "prepare_noise":
		f32, _ = g.Noise(r.Shape, r.BatchIndex)
	}
	return f32, f64, i64
}

func check(t *testing.T, f *golden.File, g *Generator, r row) {
	f32, f64, i64 := draw(g, r)
	switch {
	case f32 != nil:
		want, _ := f.F32(r.Key)
		if len(want) != len(f32) {
			t.Fatalf("got %d values, want %d", len(f32), len(want))
		}
		for i := range want {
			if want[i] != f32[i] { // the README allows 1.5e-6 to normals; we have torch's bits
				t.Fatalf("%v at %d: got %v, want %v", r, i, f32[i], want[i])
			}
		}
	case f64 != nil:
		want, _ := f.F64(r.Key)
		for i := range want {
			if d := math.Abs(want[i] - f64[i]); !(d <= 1e-14) || len(want) != len(f64) {
				t.Fatalf("%v at %d: got %v, want %v", r, i, f64[i], want[i])
			}
		}
	case i64 != nil:
		want, _ := f.I64(r.Key)
		for i := range want {
			if want[i] != i64[i] || len(want) != len(i64) {
				t.Fatalf("%v: got %v, want %v", r, i64, want)
			}
		}
	default:
		t.Fatalf("unknown kind of draw %q", r.Op)
	}
}

func BenchmarkRandn(b *testing.B) {
	g := New(1)
	dst := make([]float32, 4*64*64)
	for b.Loop() {
		g.Randn(dst)
	}
}
