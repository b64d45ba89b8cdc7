// Package nn is the layers that models are built of. A layer holds its weights as they are stored and records what it
// computes: Record takes values of a tensor.Graph and gives values. A layer is immutable and may be used by many graphs.
//
// Constructors read their tensors from a weights.Scope, which collects what is missing or of the wrong shape. A layer made
// from a scope that has collected something must not be recorded.
package nn
