// Package node says what a node is: its schema, which clients are shown and prompts are checked against, and the function
// behind it. Built-in nodes are Defs, which bind the fields of two structs to ports; guests bring schema and function of
// their own. The engine knows nodes only through Node.
package node

// Type names what a link carries: "IMAGE", "LATENT", "*" for anything, "INT,FLOAT" for either.
type Type string

// The types that have a widget.
const (
	Int     Type = "INT"
	Float   Type = "FLOAT"
	String  Type = "STRING"
	Boolean Type = "BOOLEAN"
	Combo   Type = "COMBO"
	Any     Type = "*"
)
