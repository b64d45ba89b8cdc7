// Package clip is the byte-pair vocabulary of CLIP's text encoders (ViT-L/14, OpenCLIP's H and bigG), 49408 tokens.
//
// Source: https://github.com/openai/CLIP, MIT licence, see LICENSE.CLIP. The text is cleaned as the Hugging Face tokenizers
// library does it for this vocabulary: NFC, white space collapsed, each rune lowered by itself.
package clip

import "github.com/cocoonhq/cocoon/internal/tokenizer"

// The special tokens.
const (
	Start int32 = 49406 // <|startoftext|>
	End   int32 = 49407 // <|endoftext|>
)

// Length is the number of tokens in a chunk of the usual encoders.
const Length = 77

// Options tell the variants of the tokenizer apart.
type Options struct {
	PadWithEnd bool // pad with End, as ViT-L and Stable Cascade's bigG want; else with 0, as H and SDXL's bigG want
	MaxLength  int  // tokens in a chunk; 0 means Length
}

// New makes a tokenizer. The first one in a process unpacks the vocabulary, some milliseconds; all share it.
func New(o Options) *tokenizer.Tokenizer {
	rules := tokenizer.Rules{MaxLength: o.MaxLength, Start: Start, End: End, PadToMax: true}
	if o.MaxLength == 0 {
		rules.MaxLength = Length
	}
	if o.PadWithEnd {
		rules.Pad = End
	}
	return tokenizer.New(encoder{vocabulary()}, rules)
}
