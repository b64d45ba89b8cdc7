package clip

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

type encoder struct{ v *vocab }

// Encode appends the ids of text to dst.
//
// Compat: of the two special tokens the end is found in the text as it is written, the start in the text made lower; so
// "<|StartOfText|>" is one token and "<|EndOfText|>" is text, but ends a piece. Seen with transformers 5.
func (e encoder) Encode(dst []int32, text string) []int32 {
	var b bpe
	for {
		before, after, found := strings.Cut(text, endText)
		dst = e.encodePart(dst, &b, clean(before))
		if !found {
			return dst
		}
		dst = append(dst, End)
		text = after
	}
}

// The special tokens as text.
const (
	startText = "<|startoftext|>"
	endText   = "<|endoftext|>"
)

// encodePart appends the ids of clean text that has no end tokens.
func (e encoder) encodePart(dst []int32, b *bpe, text string) []int32 {
	for text != "" {
		if strings.HasPrefix(text, startText) {
			dst = append(dst, Start)
			text = text[len(startText):]
			continue
		}
		if rest, ok := strings.CutPrefix(text, endText); ok {
			dst = b.encode(dst, e.v, "<|")
			dst = b.encode(dst, e.v, "endoftext")
			dst = b.encode(dst, e.v, "|>")
			text = rest
			continue
		}
		n := nextPiece(text)
		if text[0] != ' ' {
			dst = b.encode(dst, e.v, text[:n])
		}
		text = text[n:]
	}
	return dst
}

// clean gives text in NFC, lowered rune by rune, white space as single spaces.
func clean(text string) string {
	if isClean(text) {
		return text
	}
	text = norm.NFC.String(strings.ToValidUTF8(text, "\uFFFD"))
	var b strings.Builder
	b.Grow(len(text) + 8)
	space := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		if r == 'İ' { // the one rune that lowers to two
			b.WriteString("i\u0307")
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// isClean reports whether clean would change nothing that matters: it has only printable lower ASCII.
func isClean(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

// The kinds of runes that pieces are made of.
type kind uint8

const (
	space kind = iota
	letter
	number
	other
)

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return letter
		case r >= '0' && r <= '9':
			return number
		case r == ' ' || r >= '\t' && r <= '\r':
			return space
		}
		return other
	case unicode.IsLetter(r):
		return letter
	case unicode.IsNumber(r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

// nextPiece gives the length of the piece that text begins with: a contraction's end, letters, one digit, other signs, or
// spaces. A start token ends the piece before it.
func nextPiece(text string) int {
	if n := contraction(text); n > 0 {
		return n
	}
	r, n := utf8.DecodeRuneInString(text)
	k := kindOf(r)
	if k == number {
		return n
	}
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if kindOf(r) != k || r == '<' && strings.HasPrefix(text[n:], startText) {
			break
		}
		n += size
	}
	return n
}

func contraction(text string) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	switch text[1] {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v', 'l':
		if len(text) >= 3 && (text[1:3] == "re" || text[1:3] == "ve" || text[1:3] == "ll") {
			return 3
		}
	}
	return 0
}
