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

// Pure lists the nodes that need neither files nor models.
func Pure() []node.Node {
	return slices.Concat(latent.All(), image.All(), conditioning.All(), mask.All(), primitive.All())
}
