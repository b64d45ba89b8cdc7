package resample

import "testing"

// TestHeightFirst holds the order of passes as it was seen in Pillow 13 on some thousand sizes.
func TestHeightFirst(t *testing.T) {
	for _, row := range []struct {
		w, h, width, height int
		want                bool
	}{
		{8, 7, 9, 2, true},      // the width grows
		{57, 52, 53, 34, true},  // 18 rows against 4 columns
		{23, 59, 19, 44, true},  // 15 against 4
		{31, 40, 26, 32, false}, // 8 against 5
		{10, 12, 8, 8, false},   // 4 against 2: exactly twice
		{10, 12, 8, 7, true},    // 5 against 2
		{29, 31, 45, 57, false}, // both grow
		{3, 9, 56, 20, false},   // both grow
		{100, 100, 10, 10, false},
	} {
		if got := heightFirst(row.w, row.h, row.width, row.height); got != row.want {
			t.Errorf("%v: %v", row, got)
		}
	}
}
