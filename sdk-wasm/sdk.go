// Package sdk carries the SDKs for extensions, so that a new project needs nothing but its language's compiler.
package sdk

import "embed"

//go:generate go run ./gen

// Files are the SDKs as they are in the repository: c, rust, as and, for Go, guest and abi; and the examples in each
// language, which new projects start from.
//
//go:embed c/cocoon.h rust/Cargo.toml rust/src/*.rs as/*.ts abi/*.go guest/*.go guest/*.s c/README.md rust/README.md as/README.md guest/README.md
//go:embed examples/*/*/manifest.json examples/*/*/tests/vectors.json examples/c/*/*.c examples/go/*/*.go examples/go/*/*.html examples/*/picker/web/page.html
//go:embed examples/rust/*/Cargo.toml examples/rust/*/src examples/as/*/*.ts examples/as/*/*.json
var Files embed.FS
