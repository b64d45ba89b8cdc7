// Package models knows which model files there are and what each of them is.
//
// A Registry is the folders that models lie in, listed and looked up by the names clients use. Inspect tells what a file is, and of
// which family, from the names and shapes of its tensors: a model is never recognised by its file's name.
package models
