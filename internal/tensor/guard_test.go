package tensor_test

import (
	"errors"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

func TestGuard(t *testing.T) {
	wanted := errors.New("as it was")
	if err := tensor.Guard(func() error { return wanted }); err != wanted {
		t.Errorf("error %v, want %v", err, wanted)
	}
	defer func() {
		if v := recover(); v != "a slip" {
			t.Errorf("panic %v, want the function's own", v)
		}
	}()
	_ = tensor.Guard(func() error { panic("a slip") })
}

func TestGuardNil(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a nil pointer was taken for a cut file")
		}
	}()
	var p *int
	_ = tensor.Guard(func() error { *p = 1; return nil })
}
