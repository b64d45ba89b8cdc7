package value

import (
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Audio is sound.
type Audio struct {
	Waveform *tensor.Tensor // F32 [batch, channels, samples], -1 to 1
	Rate     int            // samples a second
}

// LinkType is the type of links that carry audio.
func (Audio) LinkType() node.Type { return "AUDIO" }
