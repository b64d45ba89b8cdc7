package engine

import (
	"fmt"
	"runtime"
	"strings"
)

// panicked is a panic of a node.
type panicked struct {
	value any
	stack []string
}

func newPanicked(v any) *panicked {
	var pcs [32]uintptr
	n := runtime.Callers(3, pcs[:])
	frames := runtime.CallersFrames(pcs[:n])
	p := &panicked{value: v}
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			file := f.File[strings.LastIndexByte(f.File, '/')+1:]
			p.stack = append(p.stack, fmt.Sprintf("  %s\n    %s:%d\n", f.Function, file, f.Line))
		}
		if !more || strings.Contains(f.Function, "/engine.guard") {
			return p
		}
	}
}

// Error gives what the node panicked with.
func (p *panicked) Error() string { return fmt.Sprintf("the node broke: %v", p.value) }

// Unwrap gives the error that the node panicked with, if it was one.
func (p *panicked) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// trace is where it happened, the innermost call last, as the reference orders it.
func (p *panicked) trace() []string {
	out := make([]string, len(p.stack))
	for i, s := range p.stack {
		out[len(out)-1-i] = s
	}
	return out
}
