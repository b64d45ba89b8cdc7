package clip

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tokenizer"
)

// goldenFile is one recorded tokenizer: its inner tokenizers and what they make of the strings.
type goldenFile struct {
	Properties map[string]goldenProps
	Rows       []goldenRow
}

type goldenProps struct {
	MaxLength    int    `json:"max_length"`
	StartToken   *int32 `json:"start_token"`
	EndToken     *int32 `json:"end_token"`
	PadToken     int32  `json:"pad_token"`
	EmbeddingKey string `json:"embedding_key"`
}

// isCLIP tells CLIP's vocabulary from others by its special tokens: other encoders are named clip_… too.
func (p goldenProps) isCLIP() bool {
	return p.StartToken != nil && *p.StartToken == Start && p.EndToken != nil && *p.EndToken == End
}

type goldenRow struct {
	I      int
	Raw    map[string][]int32
	Chunks map[string][]goldenChunk
	Error  string
}

type goldenChunk struct {
	IDs     []goldenID
	Weights []goldenFloat
	Words   []int
}

// goldenID is a token id, or an embedding vector's first value and width.
type goldenID struct {
	ID    int32
	First float32
	Dim   int
}

func (g *goldenID) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return json.Unmarshal(b, &g.ID)
	}
	var e struct {
		Embedding float32
		Dim       int
	}
	err := json.Unmarshal(b, &e)
	g.First, g.Dim = e.Embedding, e.Dim
	return err
}

// goldenFloat is a number, or one of the strings nan and inf.
type goldenFloat float64

func (g *goldenFloat) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "nan":
		*g = goldenFloat(math.NaN())
	case "inf":
		*g = goldenFloat(math.Inf(1))
	case "-inf":
		*g = goldenFloat(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(g))
	}
	return nil
}

// recordedFolder is the embeddings folder of the goldens' README, as a loader of one encoder's key sees it.
type recordedFolder struct{ key string }

func (f recordedFolder) Lookup(name string) ([][]float32, bool, error) {
	switch strings.TrimSuffix(name, ".safetensors") {
	case "emb3":
		return rows(100, 3, 768), true, nil
	case "emb1":
		if f.key == "clip_l" {
			return rows(200, 2, 768), true, nil
		}
		return rows(300, 2, 1280), true, nil // clip_g, and the first tensor of the file for a key that is not in it
	}
	return nil, false, nil
}

func rows(first float32, n, width int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		out[i] = make([]float32, width)
		out[i][0] = first + float32(i)
	}
	return out
}

func readGz(t *testing.T, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// TestGoldenTokenizers runs every CLIP part of every recorded tokenizer in the folder.
func TestGoldenTokenizers(t *testing.T) {
	dir := golden.Dir(t, "tokenizers")
	var texts []string
	raw, err := os.ReadFile(filepath.Join(dir, "strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	parts := 0
	for _, path := range files {
		base := strings.TrimSuffix(filepath.Base(path), ".json.gz")
		if strings.HasSuffix(base, "_vocab") || strings.HasSuffix(base, "_tokenizer") {
			continue // vocabularies
		}
		var g goldenFile
		readGz(t, path, &g)
		for part, props := range g.Properties {
			if !props.isCLIP() {
				continue
			}
			parts++
			short := strings.TrimPrefix(part, "clip_") // the name that the chunks have
			t.Run(base+"/"+part, func(t *testing.T) { goldenPart(t, texts, g.Rows, part, short, props) })
		}
	}
	if parts == 0 {
		t.Fatal("no recorded CLIP tokenizers")
	}
}

func goldenPart(t *testing.T, texts []string, rows []goldenRow, part, short string, p goldenProps) {
	tok := New(Options{PadWithEnd: p.PadToken == *p.EndToken, MaxLength: p.MaxLength})
	for _, row := range rows {
		text := texts[row.I]
		if want, ok := row.Raw[part]; ok {
			if diff := cmp.Diff(want, tok.Encode(text)); diff != "" {
				t.Errorf("%d %q: raw, -want +got:\n%s", row.I, text, diff)
			}
		}
		got, err := tok.Tokenize(text, recordedFolder{p.EmbeddingKey})
		if (err != nil) != (row.Error != "") {
			t.Errorf("%d %q: error %v, want %q", row.I, text, err, row.Error)
		}
		if want, ok := row.Chunks[short]; ok {
			if diff := cmp.Diff(want, asGolden(got), cmp.Comparer(sameFloat)); diff != "" {
				t.Errorf("%d %q: chunks, -want +got:\n%s", row.I, text, diff)
			}
		} else if row.Error == "" && row.Chunks != nil {
			t.Errorf("%d: no chunks of %q recorded", row.I, short)
		}
	}
}

func sameFloat(a, b goldenFloat) bool {
	return a == b || a != a && b != b
}

// asGolden writes chunks as the recording does; weights are left out where all are 1, as there.
func asGolden(chunks []tokenizer.Chunk) []goldenChunk {
	var out []goldenChunk
	for _, c := range chunks {
		var g goldenChunk
		for _, tok := range c.Tokens {
			id := goldenID{ID: tok.ID}
			if tok.Embedding != nil {
				id = goldenID{First: tok.Embedding[0], Dim: len(tok.Embedding)}
			}
			g.IDs = append(g.IDs, id)
			g.Words = append(g.Words, tok.Word)
			if c.Weighted() {
				g.Weights = append(g.Weights, goldenFloat(tok.Weight))
			}
		}
		out = append(out, g)
	}
	return out
}

// TestGoldenVocabulary holds the ids that follow from the merges to the recorded vocabulary.
func TestGoldenVocabulary(t *testing.T) {
	var want map[string]int32
	readGz(t, filepath.Join(golden.Dir(t, "tokenizers"), "clip_vocab.json.gz"), &want)
	got := map[string]int32{"<|startoftext|>": Start, "<|endoftext|>": End}
	for id, b := range byteOrder() {
		got[string(byteRune(b))] = int32(id)
		got[string(byteRune(b))+"</w>"] = int32(id) + 256
	}
	text, err := unpack(mergesGz)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = strings.Cut(text, "\n")
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		got[strings.Replace(line, " ", "", 1)] = int32(firstMerge + i)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
