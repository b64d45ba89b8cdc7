package frontend

import (
	"cmp"
	"strconv"
	"strings"
)

// compareVersions orders versions by their numbers; what stands behind the numbers ("rc1", "-beta") makes one older than the
// version without it.
func compareVersions(a, b string) int {
	na, ra := numbers(a)
	nb, rb := numbers(b)
	for i := range max(len(na), len(nb)) {
		if c := cmp.Compare(at(na, i), at(nb, i)); c != 0 {
			return c
		}
	}
	if (ra == "") != (rb == "") {
		return cmp.Compare(len(rb), len(ra))
	}
	return strings.Compare(ra, rb)
}

func at(n []uint64, i int) uint64 {
	if i < len(n) {
		return n[i]
	}
	return 0
}

// numbers splits "1.58.1rc2" into 1, 58, 1 and "rc2".
func numbers(v string) (n []uint64, rest string) {
	rest = strings.TrimPrefix(v, "v")
	for {
		end := 0
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		u, err := strconv.ParseUint(rest[:end], 10, 64)
		if err != nil {
			return n, rest
		}
		n, rest = append(n, u), rest[end:]
		if !strings.HasPrefix(rest, ".") {
			return n, rest
		}
		rest = rest[1:]
	}
}
