package weights_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Pieces of pickles, as torch.save writes them.
func pkText(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func pkInt(n int) string { return "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }

func pkInts(n ...int) string {
	var b strings.Builder
	for _, x := range n {
		b.WriteString(pkInt(x))
	}
	return "(" + b.String() + "t"
}

func pkStorage(class, key string, count int) string {
	return "(" + pkText("storage") + "ctorch\n" + class + "\n" + pkText(key) + pkText("cpu") + pkInt(count) + "tQ"
}

func pkTensor(storage string, first int, shape, strides string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + pkInt(first) + shape + strides + "\x89ccollections\nOrderedDict\n)RtR"
}

func pkDict(members ...string) string { return "}(" + strings.Join(members, "") + "u" }

// torchZip is an archive of a table and storages.
func torchZip(t testing.TB, table string, method uint16, storages ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name, content string) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: method})
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("data.pkl", "\x80\x02"+table+".")
	put("byteorder", "little")
	for i, s := range storages {
		put(fmt.Sprintf("data/%d", i), s)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func torchLegacy(table string, keys string, storages ...string) []byte {
	out := "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02" + pkDict(pkText("little_endian")+"\x88") + "."
	out += "\x80\x02" + table + ".\x80\x02" + keys + "."
	for _, s := range storages {
		out += s
	}
	return []byte(out)
}

func floats(v ...float32) string {
	t := tensor.FromF32(v, len(v))
	return string(t.Bytes())
}

// model is a table as a training tool leaves it: a state dict among other things, one tensor turned around.
func model() string {
	plain := pkTensor(pkStorage("FloatStorage", "0", 6), 0, pkInts(2, 3), pkInts(3, 1))
	part := pkTensor(pkStorage("FloatStorage", "0", 6), 4, pkInts(2), pkInts(1))
	turned := pkTensor(pkStorage("FloatStorage", "0", 6), 0, pkInts(3, 2), pkInts(1, 3))
	half := pkTensor(pkStorage("HalfStorage", "1", 2), 0, pkInts(2), pkInts(1))
	inner := "ccollections\nOrderedDict\n)R(" + pkText("a.plain") + plain + pkText("part") + part + pkText("turned") + turned +
		pkText("half") + "ctorch._utils\n_rebuild_parameter\n(" + half + "\x88NtR" + "u" + pkDict(pkText("_metadata")+"N") + "b"
	return pkDict(pkText("epoch")+pkInt(7), pkText("state_dict")+inner,
		pkText("callbacks")+pkDict("cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n"+pkDict(pkText("best")+"N")))
}

func TestTorch(t *testing.T) {
	data := floats(1, 2, 3, 4, 5, 6)
	half := "\x00\x3c\x00\x40"
	count := func(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	for name, file := range map[string][]byte{
		"zip":    torchZip(t, model(), zip.Store, data, half),
		"legacy": torchLegacy(model(), "]("+pkText("0")+pkText("1")+"e", count(6)+data, count(2)+half),
	} {
		t.Run(name, func(t *testing.T) {
			f, err := weights.Parse("m.ckpt", file)
			if err != nil {
				t.Fatal(err)
			}
			if f.Format() != weights.Pickle {
				t.Errorf("format %s", f.Format())
			}
			if diff := cmp.Diff([]string{"a.plain", "half", "part", "turned"}, f.Names()); diff != "" {
				t.Fatalf("names (-want +got):\n%s", diff)
			}
			for name, want := range map[string][]float32{"a.plain": {1, 2, 3, 4, 5, 6}, "part": {5, 6}, "turned": {1, 4, 2, 5, 3, 6}} {
				got, _ := f.Tensor(name)
				if diff := cmp.Diff(want, got.Clone().F32()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			if got, _ := f.Tensor("half"); got.String() != "F16 2" || string(got.Bytes()) != half {
				t.Errorf("half is %v % x", got, got.Bytes())
			}
			if info, _ := f.Info("turned"); info.Bytes != 24 || !info.Shape.Equal(tensor.Shape{3, 2}) {
				t.Errorf("turned is %+v", info)
			}
		})
	}
}

func TestTorchFloat8(t *testing.T) {
	v3 := "ctorch._utils\n_rebuild_tensor_v3\n(" + pkStorage("UntypedStorage", "0", 4) + pkInt(0) + pkInts(2, 2) + pkInts(2, 1) +
		"\x89ccollections\nOrderedDict\n)Rctorch\nfloat8_e4m3fn\ntR"
	f, err := weights.Parse("m.pt", torchZip(t, pkDict(pkText("w")+v3, pkText("n")+pkText("note")), zip.Store, "\x01\x02\x03\x04"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Tensor("w"); got.String() != "F8_E4M3 2x2" {
		t.Errorf("w is %v", got)
	}
	if f.Metadata()["n"] != "note" {
		t.Errorf("metadata %v", f.Metadata())
	}
}

func TestTorchRefuses(t *testing.T) {
	s0 := pkStorage("FloatStorage", "0", 2)
	one := func(shape, strides string, first int) string {
		return pkDict(pkText("a") + pkTensor(s0, first, shape, strides))
	}
	good := torchZip(t, one(pkInts(2), pkInts(1), 0), zip.Store, floats(1, 2))
	nest := "}"
	for range 20 {
		nest = pkDict(pkText("a")+nest, pkText("b")+"N")
	}
	for _, c := range []struct {
		name string
		data []byte
		code fault.Code
		want string
	}{
		{"code", torchZip(t, "cos\nsystem\n("+pkText("ls")+"tR", zip.Store), fault.Forbidden, "os.system"},
		{"code in builtins", torchZip(t, "cbuiltins\neval\n("+pkText("1")+"tR", zip.Store), fault.Forbidden, "builtins.eval"},
		{"torch function", torchZip(t, "ctorch\nload\n("+pkText("x")+"tR", zip.Store), fault.Forbidden, "torch.load"},
		{"compressed", torchZip(t, "N", zip.Deflate), fault.Unsupported, "compressed"},
		{"cut", good[:len(good)-30], fault.BadFile, "cut"},
		{"no storage", torchZip(t, one(pkInts(2), pkInts(1), 0), zip.Store), fault.BadFile, "not in the archive"},
		{"past the end", torchZip(t, one(pkInts(2), pkInts(1), 1), zip.Store, floats(1, 2)), fault.BadFile, "outside its storage"},
		{"long stride", torchZip(t, one(pkInts(2), pkInts(1<<30), 0), zip.Store, floats(1, 2)), fault.BadFile, "outside its storage"},
		{"negative stride", torchZip(t, one(pkInts(2), pkInts(-1), 0), zip.Store, floats(1, 2)), fault.BadFile, "wrong kind"},
		{"expanded", torchZip(t, one(pkInts(1<<30), pkInts(0), 0), zip.Store, floats(1, 2)), fault.Unsupported, "spread out"},
		{"overflow", torchZip(t, one(pkInts(1<<30, 1<<30, 1<<30), pkInts(0, 0, 0), 0), zip.Store, floats(1, 2)), fault.BadFile, "too many elements"},
		{"view", torchZip(t, pkDict(pkText("a")+pkTensor(strings.Replace(s0, "tQ", pkInts(1)+"tQ", 1), 0, pkInts(1), pkInts(1))), zip.Store, floats(1, 2)), fault.Unsupported, "view"},
		{"two types", torchZip(t, "("+s0+pkStorage("HalfStorage", "0", 2)+"t", zip.Store), fault.BadFile, "two types"},
		{"deep", torchZip(t, nest, zip.Store), fault.TooLarge, "nested"},
		{"itself", torchZip(t, "}q\x00("+pkText("a")+"h\x00"+pkText("b")+"h\x00u", zip.Store), fault.TooLarge, "nested"},
		{"zip", []byte("PK\x03\x04 and nothing else"), fault.BadFile, "zip"},
		{"python", []byte("\x80\x04N.0000000000"), fault.Unsupported, "torch.save did not write"},
		{"legacy cut", torchLegacy("N", "](e")[:40], fault.BadFile, "data ends"},
		{"legacy short", torchLegacy(one(pkInts(2), pkInts(1), 0), "]("+pkText("0")+"e", "\xff\xff\xff\xff\xff\xff\xff\x7f"), fault.BadFile, "cut short"},
		{"legacy stray", torchLegacy("N", "]("+pkText("0")+"e"), fault.BadFile, "no tensor uses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := weights.Parse("dir/m.ckpt", c.data)
			if !errors.Is(err, c.code) || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Fatalf("got  %v (%s)\nwant …%s… (%s)", err, fault.CodeOf(err), c.want, c.code)
			}
			if !strings.HasPrefix(err.Error(), "m.ckpt: ") {
				t.Errorf("%v does not name the file first", err)
			}
		})
	}
}

func FuzzTorch(f *testing.F) {
	f.Add("\x80\x02"+model()+".", floats(1, 2, 3, 4, 5, 6))
	f.Add("\x80\x02"+pkDict(pkText("a")+pkTensor(pkStorage("FloatStorage", "0", 2), 0, pkInts(2), pkInts(1)))+".", floats(1, 2))
	f.Fuzz(func(t *testing.T, table, storage string) {
		for _, file := range [][]byte{torchZip(t, table, zip.Store, storage, storage), torchLegacy(table, "]("+pkText("0")+"e", storage)} {
			w, err := weights.Parse("f", file)
			if err != nil {
				continue
			}
			for _, name := range w.Names() {
				if got, ok := w.Tensor(name); !ok || got.Elems()*got.DType().Size() != len(got.Bytes()) {
					t.Errorf("%s: %v has %d bytes", name, got, len(got.Bytes()))
				}
			}
		}
	})
}
