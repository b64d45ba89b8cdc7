package weights_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// file puts a safetensors file together.
func file(header string, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func TestOpen(t *testing.T) {
	header := `{"__metadata__": {"format": "pt", "n": 5},
		"b": {"dtype":"F32","shape":[2],"data_offsets":[3,11]},
		"a\u00e9\/": {"shape":[3],"dtype":"U8","data_offsets":[0,3],"extra":{"x":[1,{"y":null}]}},
		"empty": {"dtype":"F16","shape":[0,4],"data_offsets":[11,11]},
		"scalar": {"dtype":"BF16","shape":[],"data_offsets":[11,13]},
		"odd": {"dtype":"U16","shape":[2],"data_offsets":[13,17]}}  `
	data := []byte{1, 2, 3, 0, 0, 128, 63, 0, 0, 0, 64, 128, 63, 9, 0, 8, 0}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, file(header, data...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff([]string{"aé/", "b", "empty", "odd", "scalar"}, f.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"format": "pt", "n": "5"}, f.Metadata()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"aé/": "U8 3", "b": "F32 2", "empty": "F16 0x4", "odd": "U8 4", "scalar": "BF16 scalar"} {
		got, ok := f.Tensor(name)
		if !ok || got.String() != want {
			t.Errorf("%s is %v (%v), want %s", name, got, ok, want)
		}
	}
	b, _ := f.Tensor("b")
	if got := b.Clone().F32(); got[0] != 1 || got[1] != 2 {
		t.Errorf("b = %v", got)
	}
	if info, _ := f.Info("odd"); info.Stored != "U16" || info.DType != tensor.Invalid || !info.Shape.Equal(tensor.Shape{2}) {
		t.Errorf("odd is %+v", info)
	}
	if _, ok := f.Tensor("none"); ok {
		t.Error("a tensor that is not there was found")
	}
}

func TestParseRefuses(t *testing.T) {
	one := func(members string) []byte { return file("{"+members+"}", 1, 2, 3, 4) }
	a := `"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	long := file("{" + a + "}")
	binary.LittleEndian.PutUint64(long, 1<<40)
	for _, c := range []struct {
		name string
		data []byte
		want string // part of the error
	}{
		{"empty", nil, "is empty"},
		{"short", []byte("abc"), "3 bytes"},
		{"web page", []byte("\n<!DOCTYPE html><html>"), "a web page"},
		{"lfs pointer", []byte("version https://git-lfs.github.com/spec/v1\noid"), "git lfs pull"},
		{"png", []byte("\x89PNG\r\n\x1a\n0000"), "a PNG picture"},
		{"other bytes", []byte("0123456789abcdef"), "first bytes"},
		{"huge header", long, "bound of 100000000"},
		{"cut in header", file("{" + a + "}")[:30], "only 22 follow"},
		{"cut in data", file("{"+a+"}", 1, 2, 3), "cut short"},
		{"tail", file("{"+a+"}", 1, 2, 3, 4, 5), "1 bytes follow"},
		{"twice", one(a + "," + a), "stands there twice"},
		{"metadata twice", one(`"__metadata__":{},"__metadata__":{},` + a), "stands there twice"},
		{"overlap", one(a + `,"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}`), "overlaps"},
		{"hole", one(`"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}`), "belong to no tensor"},
		{"size", one(`"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}`), "takes 8 bytes"},
		{"backwards", one(`"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}`), "backwards"},
		{"overflow", one(`"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,4]}`), "too many elements"},
		{"bytes overflow", one(`"a":{"dtype":"F64","shape":[1099511627776,2097152],"data_offsets":[0,0]}`), "too many elements"},
		{"dim", one(`"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}`), "smaller shape"},
		{"rank", one(`"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", 16) + `1],"data_offsets":[0,1]}`), "smaller shape"},
		{"negative", one(`"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}`), "whole number"},
		{"fraction", one(`"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}`), `']' should`},
		{"number overflow", one(`"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}`), "below 2^63"},
		{"far end", one(`"a":{"dtype":"U8","shape":[4],"data_offsets":[9223372036854775803,9223372036854775807]}`), "past any file's end"},
		{"leading zero", one(`"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}`), "leading zeros"},
		{"three offsets", one(`"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}`), "data_offsets"},
		{"one offset", one(`"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}`), "two numbers"},
		{"no dtype", one(`"a":{"shape":[1],"data_offsets":[0,4]}`), "needs dtype"},
		{"dtype", one(`"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}`), `"F33" is unknown`},
		{"half bytes", one(`"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}`), "takes 1 bytes"},
		{"not utf-8", one("\"a\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"), "UTF-8"},
		{"two values", file("{}{}"), "header's end"},
		{"open", file("{" + a), "ends where"},
		{"deep", one(a + `,"b":{"x":` + strings.Repeat("[", 99)), "nested"},
		{"control", one("\"a\n\":1"), "printable"},
		{"bad escape", one(`"a\q":1`), "invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := weights.Parse("dir/some.safetensors", c.data)
			if !errors.Is(err, fault.BadFile) {
				t.Fatalf("got %v, want bad_file", err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "some.safetensors: ") {
				t.Errorf("got  %v\nwant …%s…", err, c.want)
			}
		})
	}
}

// TestHeaderLikePickle reads files whose header's length has the first bytes of other formats.
func TestHeaderLikePickle(t *testing.T) {
	for _, n := range []int{0x0280, 0x0480, 0x8b1f} {
		header := `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`
		if _, err := weights.Parse("f", file(header+strings.Repeat(" ", n-len(header)), 1, 2, 3, 4)); err != nil {
			t.Errorf("header of %#x bytes: %v", n, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.safetensors")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want fault.Code
	}{
		{filepath.Join(dir, "none.safetensors"), fault.NotFound},
		{empty, fault.BadFile},
		{dir, fault.BadFile},
	} {
		if _, err := weights.Open(c.path); !errors.Is(err, c.want) {
			t.Errorf("Open(%s) = %v, want %v", c.path, err, c.want)
		}
	}
}

func FuzzSafetensors(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 1, 2, 3, 4))
	f.Add(file(`{"__metadata__":{"a":"\u00e9"},"b":{"dtype":"U16","shape":[],"data_offsets":[0,2]}} `, 1, 2))
	f.Add(file(`{"a":{"dtype":"F4","shape":[2,0],"data_offsets":[0,0],"x":[{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := weights.Parse("f", data)
		if err != nil {
			if code := fault.CodeOf(err); code != fault.BadFile && code != fault.Unsupported && code != fault.TooLarge {
				t.Errorf("code %s of %v", code, err)
			}
			return
		}
		for _, name := range w.Names() {
			got, ok := w.Tensor(name)
			if !ok || got.Elems()*got.DType().Size() != len(got.Bytes()) {
				t.Errorf("%s: %v has %d bytes", name, got, len(got.Bytes()))
			}
		}
	})
}

// manyTensors is a file of n small tensors named as in a real checkpoint.
func manyTensors(n int) []byte {
	var h strings.Builder
	for i := range n {
		fmt.Fprintf(&h, `,"model.diffusion_model.output_blocks.%d.1.transformer_blocks.0.attn1.to_q.weight":{"dtype":"F16","shape":[4,4,1,1],"data_offsets":[%d,%d]}`, i, 32*i, 32*i+32)
	}
	return file("{"+h.String()[1:]+"}", make([]byte, 32*n)...)
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, manyTensors(1000), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f, err := weights.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTensorsKeepTheirFile reads tensors whose File is lost: the mapping must last as long as they do.
func TestTensorsKeepTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 1, 2, 3, 4), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := f.Tensor("a")
	f = nil
	for range 3 {
		runtime.GC()
	}
	if got := a.U8(); got[3] != 4 {
		t.Errorf("a = %v", got)
	}
	runtime.KeepAlive(a)
}
