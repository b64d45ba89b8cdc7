package clip

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEncode(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       []int32
	}{
		{"nothing", "", nil},
		{"only space", " \t\n", nil},
		{"lowered", "A CAT", []int32{320, 2368}},
		{"digits stand alone", "12", []int32{272, 273}},
		{"special token inside", "a<|endoftext|>b", []int32{320, End, 321}},
		{"special token after signs", "!<|startoftext|>!", []int32{256, Start, 256}},
		{"start in capitals", "<|STARTOFTEXT|>", []int32{Start}},
		{"end in capitals is text", "<|EndOfText|>!", []int32{27, 347, 40786, 4160, 91, 285, 256}},
		{"end in capitals after signs", "/<|EndOfText|>!", []int32{14, 27, 347, 40786, 4160, 91, 29, 256}},
		{"bytes that are no UTF-8 count as U+FFFD", "\xff", enc("\uFFFD")},
	} {
		if diff := cmp.Diff(row.want, enc(row.text)); diff != "" {
			t.Errorf("%s: %q, -want +got:\n%s", row.name, row.text, diff)
		}
	}
}

func enc(text string) []int32 { return encoder{vocabulary()}.Encode(nil, text) }

// TestLongPieces holds the heap to the plain loop, on pieces of few letters, where ties are many.
func TestLongPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	v := vocabulary()
	for range 300 {
		piece := make([]byte, shortPiece+1+r.IntN(80))
		for i := range piece {
			piece[i] = "aestin!"[r.IntN(2+r.IntN(6))]
		}
		var a, b bpe
		want := a.encodeShort(nil, v, string(piece))
		if diff := cmp.Diff(want, b.encode(nil, v, string(piece))); diff != "" {
			t.Fatalf("%q, -want +got:\n%s", piece, diff)
		}
	}
}

func FuzzTokenize(f *testing.F) {
	for _, s := range []string{"", "a (cat:1.2)", "İ<|endoftext|>'s", "\xff\xfe", "((((", "embedding:x, y", "\x00\x01"} {
		f.Add(s)
	}
	tok := New(Options{})
	f.Fuzz(func(t *testing.T, text string) {
		chunks, err := tok.Tokenize(text, recordedFolder{"clip_l"})
		if err != nil {
			return
		}
		for _, c := range chunks {
			if len(c.Tokens) != Length || c.Tokens[0].ID != Start {
				t.Fatalf("chunk of %d tokens", len(c.Tokens))
			}
		}
	})
}

const prompt = "masterpiece, best quality, (a photo of an astronaut:1.2) riding a horse on mars, highly detailed, sharp focus"

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		loadVocab()
	}
}

func BenchmarkTokenize(b *testing.B) {
	tok := New(Options{})
	for _, row := range []struct{ name, text string }{
		{"prompt", prompt},
		{"10k letters", strings.Repeat("astronaut", 1111)},
		{"mixed", prompt + " Ünïcode 日本語のテキスト"},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tok.Tokenize(row.text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
