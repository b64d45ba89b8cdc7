// Command go is the Go guest of the conformance kit: it interprets the steps of a case over the SDK's functions, and has the
// kit's nodes and routes.
package main

import "github.com/cocoonhq/cocoon/sdk-wasm/guest"

var _ = guest.Serve(guest.Extension{Nodes: nodes(), Routes: routes(), Messages: messages(), Selftest: selftest})

func main() {}
