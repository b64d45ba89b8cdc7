package room

import (
	"errors"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestNew(t *testing.T) {
	for _, row := range []struct {
		name  string
		shape []int
		want  string // part of the error; "" for none
	}{
		{"fits", []int{2, 3, 4, 3}, ""},
		{"too large", []int{4096, 16384, 16384, 3}, "GB"},
		{"overflows", []int{1 << 30, 1 << 30, 1 << 30}, "more memory than any machine has"},
	} {
		got, err := New(Batch(4096, 16384, 16384), row.shape...)
		switch {
		case row.want == "" && (err != nil || !got.Shape().Equal(row.shape)):
			t.Errorf("%s: %v, %v", row.name, got, err)
		case row.want != "" && (!errors.Is(err, fault.OutOfMemory) || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: %v, want out of memory with %q", row.name, err, row.want)
		}
	}
}
