package weights_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

func source() weights.Map {
	return weights.Map{
		"m.in.weight":    tensor.New(tensor.F16, 4, 3),
		"m.in.bias":      tensor.New(tensor.F16, 4),
		"m.blocks.0.w":   tensor.New(tensor.F32, 2, 2),
		"m.blocks.1.w":   tensor.New(tensor.F32, 2, 2),
		"other.position": tensor.New(tensor.I64, 1),
	}
}

func TestScope(t *testing.T) {
	s := weights.NewScope(source(), "m.")
	in := s.Sub("in")
	if got := in.Tensor("weight", 4, -1).String(); got != "F16 4x3" {
		t.Errorf("weight is %s", got)
	}
	if in.Optional("scale", 4) != nil {
		t.Error("an absent optional tensor is not nil")
	}
	for i := range 2 {
		s.Sub(fmt.Sprintf("blocks.%d", i)).Tensor("w", 2, 2)
	}
	if err := s.Err(); err != nil {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"m.in.bias"}, s.Unused()); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tensor.Shape{4}, in.Shape("bias")); diff != "" {
		t.Errorf("shape (-want +got):\n%s", diff)
	}
	if in.Shape("none") != nil || in.Has("none") || !s.HasSub("blocks") || s.HasSub("block") || s.HasSub("z") {
		t.Error("Has, HasSub or Shape is wrong")
	}
	if got := s.Unused("m.in"); len(got) != 0 {
		t.Errorf("unused without m.in: %v", got)
	}
}

func TestScopeReportsAll(t *testing.T) {
	s := weights.NewScope(source(), "")
	m := s.Sub("m")
	if got := m.Tensor("none", 5, -1).String(); got != "F32 5x1" {
		t.Errorf("placeholder is %s", got)
	}
	if got := m.Sub("in").Tensor("weight", -1, 4).String(); got != "F32 1x4" {
		t.Errorf("placeholder is %s", got)
	}
	if got := m.Tensor("vast", 1<<40, 1<<40).String(); got != "F32 1x1" {
		t.Errorf("placeholder is %s", got)
	}
	for i := range 9 {
		m.Tensor(fmt.Sprintf("more.%d", i), 1)
	}
	err := s.Err()
	if !errors.Is(err, fault.BadFile) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{"11 missing (m.none, m.vast", "and 3 more", "m.in.weight is 4x3, not *x4", "4 left over (m.blocks.0.w, m.blocks.1.w, m.in.bias, other.position)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if got := s.Unused("other."); len(got) != 3 {
		t.Errorf("unused %v", got)
	}
}

func TestScopeReportsCauses(t *testing.T) {
	s := weights.NewScope(source(), "m")
	s.Tensor("none", 0)    // the width is told by a tensor that is not there:
	s.Tensor("in.bias", 0) // what has a width is not wrong
	s.Tensor("in.weight", 4, 0)
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "1 missing (m.none)") || strings.Contains(err.Error(), "wrong shape") {
		t.Errorf("error %v", err)
	}
	s = weights.NewScope(source(), "m")
	s.Tensor("in.bias", 0)
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "m.in.bias is 4, not 0") {
		t.Errorf("error %v", err)
	}
}

func TestScopeUnsupportedDType(t *testing.T) {
	f, err := weights.Parse("f", file(`{"a":{"dtype":"U16","shape":[1],"data_offsets":[0,2]}}`, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	s := weights.NewScope(f, "")
	s.Tensor("a", 1)
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "U16") {
		t.Errorf("error %v", err)
	}
}

func TestRename(t *testing.T) {
	r := weights.Rename(source(), func(old string) (string, bool) { return strings.CutPrefix(old, "m.blocks.") })
	if diff := cmp.Diff([]string{"0.w", "1.w"}, r.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if info, ok := weights.Describe(r, "1.w"); !ok || info.Bytes != 16 {
		t.Errorf("info %+v", info)
	}
	if _, ok := r.Tensor("m.in.bias"); ok {
		t.Error("a left-out tensor is there")
	}
}
