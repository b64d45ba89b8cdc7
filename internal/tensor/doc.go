// Package tensor holds what models compute with: shapes, dtypes, tensors in memory, and programs over them.
//
// A model does not compute, it records: its forward pass, given shapes, writes a Program through a Graph. A Backend compiles
// a program once per shape and runs it many times. Image nodes and guests use the same programs.
//
// Image-like values are NHWC inside programs: [batch, height, width, channels], which is also [tokens, channels].
package tensor
