// Package abi is the contract between the server and its guests: the numbers of cocoon1.json as Go constants, the messages
// as deterministic CBOR, and the layouts of flat structs. It imports the standard library only and stays small, because
// every Go guest carries it.
package abi

//go:generate go run ./gen
