package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestIsFindsCodeAndCause(t *testing.T) {
	base := Wrap(io.ErrUnexpectedEOF, BadFile, "header of %q is cut short", "a.safetensors")
	err := fmt.Errorf("open checkpoint: %w", base)
	for _, row := range []struct {
		name   string
		target error
		want   bool
	}{
		{"own code", BadFile, true},
		{"other code", NotFound, false},
		{"cause", io.ErrUnexpectedEOF, true},
		{"other cause", io.EOF, false},
	} {
		if got := errors.Is(err, row.target); got != row.want {
			t.Errorf("%s: errors.Is = %v, want %v", row.name, got, row.want)
		}
	}
	if got, want := err.Error(), `open checkpoint: header of "a.safetensors" is cut short: unexpected EOF`; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestCodeOf(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want Code
	}{
		{"fault", New(TooLarge, "x"), TooLarge},
		{"wrapped", fmt.Errorf("y: %w", New(DiskFull, "x")), DiskFull},
		{"foreign", io.EOF, Internal},
	} {
		if got := CodeOf(row.err); got != row.want {
			t.Errorf("%s: CodeOf = %q, want %q", row.name, got, row.want)
		}
	}
}
