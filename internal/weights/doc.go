// Package weights gives models their tensors by name, from the files that people have: safetensors, the pickles torch writes
// (read by an interpreter that can build tables of tensors and nothing else) and the headers of GGUF files.
//
// A file is mapped, not read: a tensor is a view of the mapping in the dtype it is stored in, and kernels unpack it. Every
// length in a file is checked before it is used, and foreign or cut files are refused with what they are and what to do.
//
// A model takes its tensors through a Scope, which notes everything that is missing or of the wrong shape and reports it at once.
package weights
