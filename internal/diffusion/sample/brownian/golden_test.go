package brownian

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/cocoonhq/cocoon/internal/golden"
)

func parseUint(t *testing.T, s string) uint64 {
	t.Helper()
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type split struct {
	Start, End, Midway float64
	SpawnKey           uint64 `json:"spawn_key"`
	Depth              uint64
	WSeed              uint32 `json:"w_seed"`
}

type treeFile struct {
	SeedSequence []struct {
		Entropy  string
		SpawnKey []string `json:"spawn_key"`
		PoolSize int      `json:"pool_size"`
		N        int
		State    []uint32
	} `json:"seed_sequence"`
	Trees []struct {
		Seed     string
		T0, T1   float32
		TopState []uint32 `json:"top_state"`
		Splits   []split
	}
}

func readTrees(t *testing.T) treeFile {
	raw, err := os.ReadFile(filepath.Join(golden.Dir(t, "sampling"), "brownian_tree.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f treeFile
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGoldenSeedSequence(t *testing.T) {
	for _, r := range readTrees(t).SeedSequence {
		t.Run(fmt.Sprint(r.Entropy, r.SpawnKey, r.PoolSize), func(t *testing.T) {
			var key []uint64
			for _, k := range r.SpawnKey {
				key = append(key, parseUint(t, k))
			}
			got := seedSequence(make([]uint32, r.PoolSize), parseUint(t, r.Entropy), key, r.N)
			if !slices.Equal(got, r.State) {
				t.Errorf("got %v, want %v", got, r.State)
			}
		})
	}
}

func TestGoldenSplits(t *testing.T) {
	for _, r := range readTrees(t).Trees {
		seed := parseUint(t, r.Seed)
		tree := New(seed, r.T0, r.T1, 1)
		if got := seedSequence(tree.pool[:], seed, nil, len(r.TopState)); !slices.Equal(got, r.TopState) {
			t.Errorf("root: got %v, want %v", got, r.TopState)
		}
		for _, s := range r.Splits {
			t.Run(fmt.Sprint(r.Seed, s.SpawnKey, s.Depth), func(t *testing.T) {
				n := node{start: s.Start, end: s.End, key: s.SpawnKey, depth: s.Depth, w: []float32{1}}
				if mid, _, ok := tree.split(&n); !ok || mid != s.Midway {
					t.Errorf("middle: got %v %v, want %v", mid, ok, s.Midway)
				}
				got := seedSequence(tree.pool[:], seed, []uint64{s.SpawnKey, s.Depth}, 1)[0]
				if got != s.WSeed {
					t.Errorf("seed: got %v, want %v", got, s.WSeed)
				}
			})
		}
	}
}

func TestGoldenBrownian(t *testing.T) {
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "brownian.safetensors"))
	var rows []struct {
		Case    int
		Seed    string
		Shape   []int
		T0, T1  float32
		Queries [][2]float32
	}
	if err := json.Unmarshal([]byte(f.Metadata["index"]), &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(strconv.Itoa(r.Case), func(t *testing.T) {
			n := 1
			for _, d := range r.Shape {
				n *= d
			}
			tree := New(parseUint(t, r.Seed), r.T0, r.T1, n)
			got := make([]float32, n)
			w, _ := f.F32(fmt.Sprintf("%d/w", r.Case))
			noise, _ := f.F32(fmt.Sprintf("%d/noise", r.Case))
			for q, at := range r.Queries {
				tree.Increment(got, min(at[0], at[1]), max(at[0], at[1]))
				if want := w[q*n:][:n]; !slices.Equal(got, want) {
					t.Errorf("increment %v: got %v, want %v", at, got, want)
				}
				tree.Noise(got, at[0], at[1])
				near(t, fmt.Sprint("noise ", at), got, noise[q*n:][:n])
			}
		})
	}
}

// near allows a unit in the last place of the root of time, which was recorded for levels of double precision.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	top := 1.0
	for _, v := range want {
		top = max(top, math.Abs(float64(v)))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= 2e-7*top) && want[i] == want[i] {
			t.Errorf("%s at %d: got %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

func BenchmarkNoise(b *testing.B) {
	tree := New(42, 0.0291675, 14.614643, 4*64*64)
	dst := make([]float32, 4*64*64)
	for b.Loop() {
		tree.Noise(dst, 6.0821557, 2.232161)
	}
}
