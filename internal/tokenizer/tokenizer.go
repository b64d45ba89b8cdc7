// Package tokenizer turns prompts into the token chunks that text encoders read.
//
// What all encoders share is here: prompt weights, textual-inversion embeddings, chunks, padding. What differs is how plain
// text becomes token ids; a folder a kind of vocabulary (clip) implements Encoder and has its vocabulary beside it.
package tokenizer

import "fmt"

// Encoder turns plain text into token ids. It parses no weights and adds no start or end token. It must be safe for
// concurrent use.
type Encoder interface {
	// Encode appends the ids of text to dst. Bytes that are not UTF-8 count as U+FFFD.
	Encode(dst []int32, text string) []int32
}

// Embeddings finds textual-inversion embeddings by the name a prompt gives them.
type Embeddings interface {
	// Lookup gives the vectors of an embedding, one a token; ok is false when there is none of that name, and the prompt
	// then goes on without it. The name comes from the prompt unchecked and is never empty; it may have a file extension.
	Lookup(name string) (rows [][]float32, ok bool, err error)
}

// None stands for a start or end token that an encoder does not have.
const None int32 = -1

// Rules say how the tokens of a prompt are laid into chunks.
type Rules struct {
	MaxLength  int   // tokens in a chunk, start and end included; at least 16
	MinLength  int   // the last chunk is padded to this; 0: not
	MinPadding int   // padding that always follows the last chunk; 0: none
	Start, End int32 // None where the encoder has none
	Pad        int32
	PadToMax   bool // pad every chunk to MaxLength
	PadLeft    bool // padding goes before the tokens
	NoWeights  bool // brackets are text
}

// Token is one place in a chunk.
type Token struct {
	ID        int32     // meaningless when Embedding is set
	Word      int       // 0 for start, end and padding; else 1 + the index of the weighted segment
	Weight    float64   // 1 for start, end and padding; may be any float, NaN and infinities too
	Embedding []float32 // the vector that stands in for the token's; nil for an ordinary token. Shared: do not write to it
}

// Chunk is what a text encoder reads at once.
type Chunk struct{ Tokens []Token }

// Weighted reports whether some weight is not 1.
func (c Chunk) Weighted() bool {
	for i := range c.Tokens {
		if c.Tokens[i].Weight != 1 {
			return true
		}
	}
	return false
}

// Tokenizer makes chunks of prompts. It is safe for concurrent use.
type Tokenizer struct {
	enc   Encoder
	rules Rules
}

// New pairs an encoder with its rules. It panics when a chunk is too short to hold a short segment, start and end.
func New(enc Encoder, rules Rules) *Tokenizer {
	if rules.MaxLength < 16 {
		panic(fmt.Sprintf("tokenizer: chunks of %d tokens", rules.MaxLength))
	}
	return &Tokenizer{enc: enc, rules: rules}
}

// Rules gives the rules that the tokenizer was made with.
func (t *Tokenizer) Rules() Rules { return t.rules }

// Encode gives the ids of a whole text between the start and the end token, without weights, chunks or padding.
func (t *Tokenizer) Encode(text string) []int32 {
	var ids []int32
	if t.rules.Start != None {
		ids = append(ids, t.rules.Start)
	}
	ids = t.enc.Encode(ids, text)
	if t.rules.End != None {
		ids = append(ids, t.rules.End)
	}
	return ids
}

// Tokenize gives the chunks of a prompt, at least one. Where embeddings is nil, "embedding:" is text. Errors: those of
// embeddings; fault.BadRequest for "embedding:" without a name; fault.TooLarge for brackets nested too deep.
func (t *Tokenizer) Tokenize(text string, embeddings Embeddings) ([]Chunk, error) {
	groups, err := t.groups(text, embeddings)
	if err != nil {
		return nil, err
	}
	return t.rules.chunks(groups), nil
}
