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

func TestPixelsAndPlanes(t *testing.T) {
	pix := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12} // [2, 1, 2, 3]
	p, err := FromPixels(t.Context(), pix, 2, 1, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12}
	back, err := p.ToPixels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range pix {
		if p.Pix[i] != want[i] || back[i] != pix[i] {
			t.Fatalf("planes %v and back %v, want %v and %v", p.Pix, back, want, pix)
		}
	}
}
