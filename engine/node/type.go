// Package node says what a node is.
package node

// Type names what a link carries: "IMAGE", "LATENT", "*" for anything, "INT,FLOAT" for either.
type Type string
