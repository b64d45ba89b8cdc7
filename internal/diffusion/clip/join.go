package clip

import "github.com/cocoonhq/cocoon/internal/tensor"

// Join puts what several encoders gave for one prompt side by side, cut to the shortest; the pooled vector is the last one's.
func Join(parts ...Text) Text {
	if len(parts) == 1 {
		return parts[0]
	}
	tokens, width := parts[0].Hidden.Dim(1), 0
	for _, p := range parts {
		tokens = min(tokens, p.Hidden.Dim(1))
		width += p.Hidden.Dim(2)
	}
	out := tensor.New(tensor.F32, 1, tokens, width)
	at := 0
	for _, p := range parts {
		w := p.Hidden.Dim(2)
		for i := range tokens {
			copy(out.F32()[i*width+at:], p.Hidden.F32()[i*w:(i+1)*w])
		}
		at += w
	}
	return Text{Hidden: out, Pooled: parts[len(parts)-1].Pooled}
}
