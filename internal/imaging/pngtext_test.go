package imaging

import (
	"bytes"
	"compress/zlib"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func packed(raw string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(raw))
	_ = z.Close()
	return b.String()
}

// textPNG is a PNG of text chunks and little else.
func textPNG(chunks ...string) []byte {
	out := appendChunk([]byte(pngSignature), "IHDR", make([]byte, 13))
	for i := 0; i < len(chunks); i += 2 {
		out = appendChunk(out, chunks[i], []byte(chunks[i+1]))
	}
	return appendChunk(out, "IEND", nil)
}

func TestReadText(t *testing.T) {
	for _, row := range []struct {
		name string
		file []byte
		want []Text
		err  error
	}{
		{"none", textPNG(), nil, nil},
		{"plain", textPNG("tEXt", "a\x00b\xe9"), []Text{{"a", "bé"}}, nil},
		{"packed", textPNG("zTXt", "a\x00\x00"+packed("b\xe9")), []Text{{"a", "bé"}}, nil},
		{"international", textPNG("iTXt", "a\x00\x00\x00en\x00k\x00日"), []Text{{"a", "日"}}, nil},
		{"international, packed", textPNG("iTXt", "a\x00\x01\x00\x00\x00"+packed("日")), []Text{{"a", "日"}}, nil},
		{"malformed ones are left out", textPNG("tEXt", "a", "zTXt", "b\x00\x00xx", "iTXt", "c\x00\x00", "tEXt", "d\x00"),
			[]Text{{"d", ""}}, nil},
		{"after the end", append(textPNG(), textPNG("tEXt", "a\x00b")[8:]...), nil, nil},
		{"no PNG", []byte("GIF89a, say"), nil, fault.BadFile},
		{"empty", nil, nil, fault.BadFile},
		{"over the limit", textPNG("tEXt", "a\x00"+string(make([]byte, 1001))), nil, fault.TooLarge},
		{"bomb", textPNG("zTXt", "a\x00\x00"+packed(string(make([]byte, 1<<20)))), nil, fault.TooLarge},
		{"many empty ones", textPNG(repeated(200, "tEXt", "a\x00")...), nil, fault.TooLarge},
	} {
		got, err := ReadText(bytes.NewReader(row.file), 1000)
		if diff := cmp.Diff(row.want, got); diff != "" || (err != nil) != (row.err != nil) || !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v, -want +got:\n%s", row.name, err, row.err, diff)
		}
	}
}

func repeated(n int, chunk ...string) []string {
	var out []string
	for range n {
		out = append(out, chunk...)
	}
	return out
}

func FuzzReadText(f *testing.F) {
	f.Add(textPNG("tEXt", "a\x00b", "zTXt", "c\x00\x00"+packed("d"), "iTXt", "a\x00\x01\x00\x00\x00"+packed("e")))
	f.Fuzz(func(t *testing.T, data []byte) {
		texts, _ := ReadText(bytes.NewReader(data), 1<<16)
		total := 0
		for _, x := range texts {
			total += len(x.Key) + len(x.Value)
		}
		if total > 2<<16 { // Latin-1 may double
			t.Fatalf("%d bytes of text", total)
		}
	})
}
