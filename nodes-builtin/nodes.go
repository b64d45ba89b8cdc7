// Package nodes is every node that Cocoon brings, by theme in the folders below.
package nodes

import (
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/nodes-builtin/conditioning"
	"github.com/cocoonhq/cocoon/nodes-builtin/image"
	"github.com/cocoonhq/cocoon/nodes-builtin/latent"
	"github.com/cocoonhq/cocoon/nodes-builtin/loaders"
	"github.com/cocoonhq/cocoon/nodes-builtin/mask"
	"github.com/cocoonhq/cocoon/nodes-builtin/primitive"
	"github.com/cocoonhq/cocoon/nodes-builtin/sampling"
)

// Deps is what nodes need of the rest.
type Deps struct {
	Models   loaders.Models
	Images   image.Config
	Sampling sampling.Config
}

// All lists every node, samplers and loaders first.
func All(d Deps) []node.Node {
	return slices.Concat(sampling.All(d.Sampling), loaders.All(d.Models), latent.WithVAE(), image.WithFiles(d.Images), Pure())
}

// Replacements says which nodes old workflows name by names that are gone. Compat: the reference's list, as far as the new nodes
// are here; its replacement drops the inputs, ours keeps them.
func Replacements() []node.Replacement {
	same := []node.InputMove{}
	for _, name := range []string{"conditioning_to", "conditioning_from", "conditioning_to_strength"} {
		same = append(same, node.InputMove{New: name, Old: name})
	}
	return []node.Replacement{{Old: "ConditioningAverage ", New: "ConditioningAverage", Inputs: same}}
}

// Pure lists the nodes that need neither files nor models.
func Pure() []node.Node {
	return slices.Concat(latent.All(), image.All(), conditioning.All(), mask.All(), primitive.All())
}
