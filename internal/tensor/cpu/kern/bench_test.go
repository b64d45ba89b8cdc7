package kern

import (
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
)

// BenchmarkTile compares one tile, all of it in cache, with the peak loop.
func BenchmarkTile(b *testing.B) {
	for l := isa.Portable; l <= isa.Best(); l++ {
		k := ForLevel(l)
		for _, rows := range []int{k.MR, (k.MR + 1) / 2, 1} {
			for _, depth := range []int{40, 128, 640} {
				b.Run(fmt.Sprintf("%s/%dx%dx%d", l, rows, k.NR, depth), func(b *testing.B) {
					a, p, c := make([]float32, k.MR*depth), make([]float32, k.NR*depth), make([]float32, k.MR*k.NR)
					seg := Seg{}
					g := Gemm{A: unsafe.Pointer(&a[0]), LDA: depth * 4, B: unsafe.Pointer(&p[0]), BStep: k.NR * 4, K: depth, Segs: &seg, NSeg: 1, C: unsafe.Pointer(&c[0]), LDC: k.NR * 4, Cols: k.NR}
					best := time.Hour
					for b.Loop() {
						at := time.Now()
						for range 50 {
							k.Tile[rows](&g)
						}
						best = min(best, time.Since(at))
					}
					flops := 50 * 2 * float64(rows*k.NR*depth) / best.Seconds()
					peak := time.Hour
					for range 20 {
						at := time.Now()
						k.Peak(10000)
						peak = min(peak, time.Since(at))
					}
					b.ReportMetric(flops/1e9, "GF/s")
					b.ReportMetric(flops/(10000*float64(k.PeakFlops)/peak.Seconds()), "of-peak")
				})
			}
		}
	}
}

// BenchmarkPack measures packing a panel from rows that lie k apart, in elements a nanosecond.
func BenchmarkPack(b *testing.B) {
	for l := isa.Portable; l <= isa.Best(); l++ {
		k := ForLevel(l)
		for _, depth := range []int{64, 576, 1280} {
			src, half, dst := make([]float32, k.NR*depth), make([]byte, 2*k.NR*depth), make([]float32, k.NR*depth)
			pack := map[string]func(){"f32": func() { k.PackT(dst, src, depth, k.NR, depth) }}
			if k.PackT16 != nil {
				pack["f16"] = func() { k.PackT16(dst, half, depth, k.NR, depth) }
			}
			for name, fn := range pack {
				b.Run(fmt.Sprintf("%s/%s/%d", l, name, depth), func(b *testing.B) {
					best := time.Hour
					for b.Loop() {
						at := time.Now()
						for range 20 {
							fn()
						}
						best = min(best, time.Since(at))
					}
					b.ReportMetric(20*float64(len(dst))/float64(best.Nanoseconds()), "elem/ns")
				})
			}
		}
	}
}
