package wasmhost

import "github.com/cocoonhq/cocoon/wasmhost/pack"

// Manifest says what a package is and what it asks for.
type Manifest = pack.Manifest

// Capabilities are what a package asks for.
type Capabilities = pack.Capabilities

// NodeCap names the classes that node_call and expansions may use.
type NodeCap = pack.NodeCap

// KVCap bounds the store.
type KVCap = pack.KVCap

// WSCap says which messages a package exchanges with the clients.
type WSCap = pack.WSCap

// AssetCap says what files a package reads and whether it saves.
type AssetCap = pack.AssetCap

// HTTPRule allows requests of one method to addresses of one form.
type HTTPRule = pack.HTTPRule

// Grant is what an operator allows an extension.
type Grant = pack.Grant

// ParseManifest reads manifest.json strictly.
func ParseManifest(b []byte) (*Manifest, error) { return pack.ParseManifest(b) }

// defaultBytes bounds what passes between a guest and the outside in one exchange, where no other bound is granted.
const defaultBytes = pack.DefaultBytes

func classAllowed(class string, allowed []string) bool { return pack.ClassAllowed(class, allowed) }
