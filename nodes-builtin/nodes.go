// Package nodes is every node that Cocoon brings, by theme in the folders below.
package nodes

import (
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/nodes-builtin/conditioning"
	"github.com/cocoonhq/cocoon/nodes-builtin/image"
	"github.com/cocoonhq/cocoon/nodes-builtin/latent"
	"github.com/cocoonhq/cocoon/nodes-builtin/mask"
	"github.com/cocoonhq/cocoon/nodes-builtin/primitive"
)

// Pure lists the nodes that need neither files nor models.
func Pure() []node.Node {
	return slices.Concat(conditioning.All(), latent.All(), image.All(), mask.All(), primitive.All())
}
