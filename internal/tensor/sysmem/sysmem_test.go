package sysmem

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestMeminfo(t *testing.T) {
	const text = "MemTotal:       24689764 kB\nMemFree:          512 kB\nMemAvailable:   23144532 kB\nBroken: many kB\n"
	for _, row := range []struct {
		field string
		want  int64
	}{
		{"MemTotal:", 24689764 << 10}, {"MemAvailable:", 23144532 << 10}, {"MemFree:", 512 << 10},
		{"Broken:", math.MaxInt64}, {"Missing:", math.MaxInt64},
	} {
		if got := meminfo(text, row.field); got != row.want {
			t.Errorf("%s %d, want %d", row.field, got, row.want)
		}
	}
}

func TestGroupMemory(t *testing.T) {
	const mb = "000000"
	for _, row := range []struct {
		name        string
		files       map[string]string
		free, total int64
		ok          bool
	}{
		{"version 2", map[string]string{"memory.max": "900" + mb + "\n", "memory.current": "500" + mb + "\n"}, 400e6, 900e6, true},
		{"page cache is free", map[string]string{"memory.max": "900" + mb, "memory.current": "500" + mb,
			"memory.stat": "anon 1\ninactive_file 100" + mb + "\nactive_file 50" + mb + "\nbroken\n"}, 550e6, 900e6, true},
		{"more cache than use", map[string]string{"memory.max": "900" + mb, "memory.current": "5", "memory.stat": "inactive_file 7"}, 900e6, 900e6, true},
		{"version 1", map[string]string{"memory.limit_in_bytes": "8" + mb, "memory.usage_in_bytes": "2" + mb}, 6e6, 8e6, true},
		{"no limit", map[string]string{"memory.max": "max", "memory.current": "5"}, 0, 0, false},
		{"no use told", map[string]string{"memory.max": "5"}, 0, 0, false},
		{"nothing", nil, 0, 0, false},
	} {
		dir := t.TempDir()
		for name, text := range row.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if free, total, ok := groupMemory(dir); free != row.free || total != row.total || ok != row.ok {
			t.Errorf("%s: %d of %d (%v), want %d of %d (%v)", row.name, free, total, ok, row.free, row.total, row.ok)
		}
	}
}

func TestRead(t *testing.T) {
	free, total := Read()
	if free <= 0 || (total > 0 && free > total) {
		t.Errorf("%d of %d", free, total)
	}
}

func TestSpell(t *testing.T) {
	for n, want := range map[int64]string{0: "0 MB", 1: "1 MB", 67_500_000: "68 MB", 949_999_999: "950 MB", 950_000_001: "1.0 GB", 9_440_000_000: "9.4 GB"} {
		if got := Spell(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
