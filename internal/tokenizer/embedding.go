package tokenizer

import (
	"strings"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/internal/fault"
)

const embeddingMark = "embedding:"

// group is the tokens that a chunk boundary would rather not cut: a segment's text, or one embedding.
type group []Token

// groups parses a prompt into its groups. Some may be empty; their index counts as a word all the same.
func (t *Tokenizer) groups(prompt string, embeddings Embeddings) ([]group, error) {
	segments := []segment{{prompt, 1}}
	if !t.rules.NoWeights {
		var err error
		if segments, err = parseWeights(prompt); err != nil {
			return nil, err
		}
	}
	var out []group
	var ids []int32
	for _, s := range segments {
		for _, text := range splitEmbeddings(s.text) {
			name, isMark := strings.CutPrefix(text, embeddingMark)
			if isMark && embeddings != nil {
				rows, rest, err := findEmbedding(embeddings, name)
				if err != nil {
					return nil, err
				}
				if rows != nil {
					out = append(out, embeddingGroup(rows, s.weight))
				}
				if rest == "" {
					continue
				}
				text = rest
			}
			ids = t.enc.Encode(ids[:0], text)
			out = append(out, textGroup(ids, s.weight))
		}
	}
	for i, g := range out {
		for j := range g {
			g[j].Word = i + 1
		}
	}
	return out, nil
}

func textGroup(ids []int32, weight float64) group {
	g := make(group, len(ids))
	for i, id := range ids {
		g[i] = Token{ID: id, Weight: weight}
	}
	return g
}

func embeddingGroup(rows [][]float32, weight float64) group {
	g := make(group, len(rows))
	for i, row := range rows {
		g[i] = Token{Weight: weight, Embedding: row}
	}
	return g
}

// splitEmbeddings cuts a text before each "embedding:" that follows white space. No part is empty.
func splitEmbeddings(text string) []string {
	var parts []string
	start, from := 0, 0
	for {
		at := strings.Index(text[from:], embeddingMark)
		if at < 0 {
			break
		}
		at += from
		from = at + len(embeddingMark)
		if r, _ := utf8.DecodeLastRuneInString(text[:at]); at > start && isPySpace(r) {
			parts = append(parts, text[start:at])
			start = at
		}
	}
	if start < len(text) {
		parts = append(parts, text[start:])
	}
	return parts
}

// findEmbedding looks up the name that text starts with. rest is the text after it; rows is nil when there is no such
// embedding.
func findEmbedding(embeddings Embeddings, text string) (rows [][]float32, rest string, err error) {
	fields := strings.FieldsFunc(text, isPySpace)
	if len(fields) == 0 {
		return nil, "", fault.New(fault.BadRequest, `"embedding:" in the prompt has no name after it`)
	}
	name := fields[0]
	rest = strings.Join(fields[1:], " ")
	if i := strings.IndexAny(name, "<["); i >= 0 {
		if rest != "" {
			rest = " " + rest
		}
		name, rest = name[:i], name[i:]+rest
	}
	rows, err = lookup(embeddings, name)
	if err != nil || rows != nil {
		return rows, rest, err
	}
	bare := strings.Trim(name, ",")
	if len(bare) < len(name) {
		rows, err = lookup(embeddings, bare)
		// Compat: what is left over is cut by length, so commas before a name shift it.
		tail := []rune(name)[utf8.RuneCountInString(bare):]
		rest = string(tail) + " " + rest
	}
	return rows, rest, err
}

func lookup(embeddings Embeddings, name string) ([][]float32, error) {
	if name == "" {
		return nil, nil
	}
	rows, ok, err := embeddings.Lookup(name)
	if err != nil || !ok {
		return nil, err
	}
	if rows == nil {
		rows = [][]float32{}
	}
	return rows, nil
}
