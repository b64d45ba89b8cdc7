package tokenizer

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// letters encodes each byte as itself.
type letters struct{}

func (letters) Encode(dst []int32, text string) []int32 {
	for _, b := range []byte(text) {
		dst = append(dst, int32(b))
	}
	return dst
}

// shelf has embeddings by name.
type shelf map[string][][]float32

func (s shelf) Lookup(name string) ([][]float32, bool, error) {
	if name == "broken" {
		return nil, false, io.ErrUnexpectedEOF
	}
	rows, ok := s[name]
	return rows, ok, nil
}

// show writes chunks as text: ^ start, $ end, _ padding, E an embedding.
func show(chunks []Chunk) string {
	var b strings.Builder
	for i, c := range chunks {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, tok := range c.Tokens {
			if tok.Embedding != nil {
				b.WriteByte('E')
			} else {
				b.WriteByte(byte(tok.ID))
			}
		}
	}
	return b.String()
}

func TestChunks(t *testing.T) {
	base := Rules{MaxLength: 16, Start: '^', End: '$', Pad: '_', PadToMax: true}
	with := func(f func(*Rules)) Rules {
		r := base
		f(&r)
		return r
	}
	for _, row := range []struct {
		name  string
		rules Rules
		text  string
		want  string
	}{
		{"empty", base, "", "^$______________"},
		{"fits", base, "abcdefghijklmn", "^abcdefghijklmn$"},
		{"long is cut", base, "abcdefghijklmno", "^abcdefghijklmn$|^o$_____________"},
		{"short moves on", base, "(abcdefghijkl)(mnopqrs)", "^abcdefghijkl$__|^mnopqrs$_______"},
		{"long after long is cut", base, "(abcdefghijkl)(mnopqrst)", "^abcdefghijklmn$|^opqrst$________"},
		{"no padding", with(func(r *Rules) { r.PadToMax = false }), "ab", "^ab$"},
		{"least length", with(func(r *Rules) { r.PadToMax, r.MinLength = false, 6 }), "ab", "^ab$__"},
		{"least padding", with(func(r *Rules) { r.PadToMax, r.MinPadding = false, 3 }), "ab", "^ab$___"},
		{"left", with(func(r *Rules) { r.PadLeft = true }), "ab", "____________^ab$"},
		{"no start", with(func(r *Rules) { r.Start = None }), "ab", "ab$_____________"},
		{"no end", with(func(r *Rules) { r.End, r.PadToMax = None, false }), "abcdefghijklmnopq", "^abcdefghijklmno|^pq"},
		{"brackets as text", with(func(r *Rules) { r.NoWeights = true }), "(a:2)", "^(a:2)$_________"},
	} {
		got, err := New(letters{}, row.rules).Tokenize(row.text, nil)
		if err != nil || show(got) != row.want {
			t.Errorf("%s: %q %v, want %q", row.name, show(got), err, row.want)
		}
	}
}

func TestEmbeddings(t *testing.T) {
	tok := New(letters{}, Rules{MaxLength: 64, Start: None, End: None})
	have := shelf{"x": {{1}, {2}}, "none": nil}
	for _, row := range []struct{ text, want string }{
		{"embedding:x", "EE"},
		{"a embedding:x, b", "a EE, b"},
		{"aembedding:x", "aembedding:x"},
		{"embedding:y", ""},
		{"embedding:y z", "z"},
		{"embedding:x<a> b", "EE<a> b"},
		{"embedding:<a>", "<a>"},
		{"embedding:,x b", "EEx b"},
		{"embedding:none", ""},
		{"(embedding:x:2)", "EE"},
		{"\\(embedding:x", "(embedding:x"},
		{"embedding:x embedding:x", "EEEE"},
	} {
		got, err := tok.Tokenize(row.text, have)
		if err != nil || show(got) != row.want {
			t.Errorf("%q: %q %v, want %q", row.text, show(got), err, row.want)
		}
	}
	for _, row := range []struct {
		text string
		want error
	}{
		{"embedding: ", fault.BadRequest},
		{"embedding:broken", io.ErrUnexpectedEOF},
		{strings.Repeat("(", 2000) + strings.Repeat(")", 2000), fault.TooLarge},
	} {
		if _, err := tok.Tokenize(row.text, have); !errors.Is(err, row.want) {
			t.Errorf("%.20q: %v, want %v", row.text, err, row.want)
		}
	}
}

func TestWeightsAndWords(t *testing.T) {
	tok := New(letters{}, Rules{MaxLength: 64, Start: '^', End: None})
	got, err := tok.Tokenize("a(b(c:3)):2", nil)
	want := []Chunk{{[]Token{
		{ID: '^', Weight: 1},
		{ID: 'a', Weight: 1, Word: 1},
		{ID: 'b', Weight: 1.1, Word: 2},
		{ID: 'c', Weight: 3, Word: 3},
		{ID: ':', Weight: 1, Word: 4},
		{ID: '2', Weight: 1, Word: 4},
	}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}
