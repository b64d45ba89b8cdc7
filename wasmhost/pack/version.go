package pack

import (
	"cmp"
	"strconv"
	"strings"
)

// CompareVersions orders versions of the form 1.2.3: negative when a is older than b.
func CompareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if d := cmp.Compare(x, y); d != 0 {
			return d
		}
	}
	return cmp.Compare(len(as), len(bs))
}
