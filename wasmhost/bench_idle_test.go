package wasmhost

import (
	"bufio"
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// private is the memory that is this process's alone, in bytes; 0 where the system does not say.
func private() (n int64) {
	f, err := os.Open("/proc/self/smaps_rollup")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if fields := strings.Fields(s.Text()); len(fields) == 3 && strings.HasPrefix(fields[0], "Private_") {
			kb, _ := strconv.ParseInt(fields[1], 10, 64)
			n += kb << 10
		}
	}
	return n
}

// BenchmarkIdle is what slots hold that have run a node once and wait.
func BenchmarkIdle(b *testing.B) {
	for _, row := range languages() {
		b.Run(row.name, func(b *testing.B) {
			slots := 1000
			if row.name == "go" {
				slots = 100
			}
			h := newHost(b, Config{Keep: slots})
			e := load(b, h, row.source(b))
			request, err := abi.Append(nil, map[string]any{"class": row.class, "inputs": map[string]any(eitherArgs), "node": "1", "prompt": "p1", "index": int64(0)})
			if err != nil {
				b.Fatal(err)
			}
			var most int64 // the first time round makes the slots, later ones find them
			for b.Loop() {
				debug.FreeOSMemory()
				before := private()
				all := make([]slot.Slot, slots)
				for i := range all {
					c := e.newCall(b.Context(), e.limits.Execute)
					s, err := e.program.Get(c, 256*pagesPerMiB)
					if err != nil {
						b.Fatal(err)
					}
					if err := e.ask(c, s, request); err != nil {
						b.Fatal(err)
					}
					all[i] = s
				}
				for _, s := range all {
					e.program.Put(context.Background(), s, false)
				}
				debug.FreeOSMemory()
				most = max(most, private()-before)
			}
			b.ReportMetric(float64(most)/float64(slots)/1024, "KiB/slot")
			b.ReportMetric(float64(most)/(1<<20), "MiB")
			b.ReportMetric(float64(slots), "slots")
		})
	}
}
