package weights_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

func u64(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
func u32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
func gtext(s string) string {
	return u64(uint64(len(s))) + s
}

// ggufFile puts a file together: its values, its tensors' descriptions, their data.
func ggufFile(values []string, tensors []string, data string) []byte {
	out := "GGUF" + u32(3) + u64(uint64(len(tensors))) + u64(uint64(len(values))) + strings.Join(values, "") + strings.Join(tensors, "")
	return []byte(out + strings.Repeat("\x00", (32-len(out)%32)%32) + data)
}

func gtensor(name string, kind uint32, offset uint64, dims ...uint64) string {
	out := gtext(name) + u32(uint32(len(dims)))
	for _, d := range dims {
		out += u64(d)
	}
	return out + u32(kind) + u64(offset)
}

func TestGGUF(t *testing.T) {
	values := []string{
		gtext("general.architecture") + u32(8) + gtext("sd1"),
		gtext("n") + u32(5) + u32(0xffffffff),
		gtext("on") + u32(7) + "\x01",
		gtext("names") + u32(9) + u32(8) + u64(2) + gtext("a") + gtext("bc"),
		gtext("numbers") + u32(9) + u32(4) + u64(2) + u32(1) + u32(2),
	}
	tensors := []string{gtensor("w", 0, 0, 3, 2), gtensor("q", 8, 32, 32, 2)}
	f, err := weights.Parse("m.gguf", ggufFile(values, tensors, strings.Repeat("\x00", 32+68)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"general.architecture": "sd1", "n": "-1", "on": "true"}, f.Metadata()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	w, _ := f.Tensor("w")
	q, _ := f.Info("q")
	if w.String() != "F32 2x3" || q.Stored != "Q8_0" || q.DType != tensor.Invalid || !q.Shape.Equal(tensor.Shape{2, 32}) || q.Bytes != 68 {
		t.Errorf("w is %v, q is %+v", w, q)
	}
}

func TestGGUFRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"cut", []byte("GGUF\x03\x00"), "ends where"},
		{"version", []byte("GGUF" + u32(9) + u64(0) + u64(0)), "version 9"},
		{"counts", []byte("GGUF" + u32(3) + u64(1<<60) + u64(0)), "too many"},
		{"type", ggufFile(nil, []string{gtensor("w", 99, 0, 1)}, ""), "type 99"},
		{"end", ggufFile(nil, []string{gtensor("w", 0, 0, 9)}, ""), "ends at byte"},
		{"far", ggufFile(nil, []string{gtensor("w", 0, 1<<62, 9)}, ""), "ends at byte"},
		{"block", ggufFile(nil, []string{gtensor("w", 8, 0, 9)}, ""), "blocks of 32"},
		{"overflow", ggufFile(nil, []string{gtensor("w", 0, 0, 1<<40, 1<<40)}, ""), "shape"},
		{"twice", ggufFile(nil, []string{gtensor("w", 0, 0), gtensor("w", 0, 0)}, ""), "twice"},
		{"array", ggufFile([]string{gtext("a") + u32(9) + u32(8) + u64(1<<60)}, nil, ""), "ends where"},
		{"number array", ggufFile([]string{gtext("a") + u32(9) + u32(12) + u64(1<<62)}, nil, ""), "an array of"},
		{"value", ggufFile([]string{gtext("a") + u32(77)}, nil, ""), "type 77"},
	} {
		if _, err := weights.Parse("m.gguf", c.data); !errors.Is(err, fault.BadFile) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.want)
		}
	}
}

func FuzzGGUF(f *testing.F) {
	f.Add(ggufFile([]string{gtext("a") + u32(9) + u32(9) + u64(1) + u32(8) + u64(1) + gtext("b")}, []string{gtensor("w", 0, 0, 1)}, "0000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := weights.Parse("f", append([]byte("GGUF"), data...))
		if err != nil {
			return
		}
		for _, name := range w.Names() {
			if got, ok := w.Tensor(name); !ok || got.Elems()*got.DType().Size() != len(got.Bytes()) {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}
