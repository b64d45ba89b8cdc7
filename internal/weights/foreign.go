package weights

import (
	"bytes"
	"encoding/binary"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// foreign refuses what cannot be a safetensors file, saying what it is instead where its first bytes tell.
func (f *File) foreign(name string) error {
	if len(f.data) == 0 {
		return fault.New(fault.BadFile, "%s: the file is empty; download it again", name)
	}
	if what, cure := knownForeign(f.data); what != "" {
		return fault.New(fault.BadFile, "%s: not a weights file but %s; %s", name, what, cure)
	}
	if len(f.data) < 10 {
		return fault.New(fault.BadFile, "%s: %d bytes are no weights file; download it again", name, len(f.data))
	}
	n := binary.LittleEndian.Uint64(f.data)
	if f.data[8] != '{' && f.data[0] == 0x80 && f.data[1] >= 2 && f.data[1] <= 5 {
		return fault.New(fault.Unsupported, "%s: a Python pickle that torch.save did not write; nothing in it was run; get the safetensors file of this model", name)
	}
	if f.data[8] != '{' {
		return fault.New(fault.BadFile, "%s: not a weights file: its first bytes are %q, and no safetensors, torch or GGUF file starts so", name, f.data[:10])
	}
	if n > maxHeaderBytes {
		return fault.New(fault.BadFile, "%s: the safetensors header claims %d bytes, over the format's bound of %d; the file is damaged", name, n, maxHeaderBytes)
	}
	if n < 2 || n > uint64(len(f.data)-8) {
		return fault.New(fault.BadFile, "%s: cut short: its header should have %d bytes and only %d follow; download it again", name, n, len(f.data)-8)
	}
	return nil
}

// knownForeign names files that people take for weights, by their first bytes.
func knownForeign(data []byte) (what, cure string) {
	again := "download the file itself, not the page that shows it"
	head := bytes.TrimLeft(data[:min(len(data), 256)], " \r\n\t\xef\xbb\xbf")
	lower := bytes.ToLower(head)
	for _, k := range []struct{ magic, what, cure string }{
		{"<!doctype", "a web page", again},
		{"<html", "a web page", again},
		{"version https://git-lfs", "a Git LFS pointer to one", "fetch the file with git lfs pull"},
		{"{\"error", "a server's error message", "download it again"},
		{"invalid username or password", "a server's error message", "sign in and download it again"},
		{"entry not found", "a server's error message", "check the address and download it again"},
	} {
		if bytes.HasPrefix(lower, []byte(k.magic)) {
			return k.what, k.cure
		}
	}
	if len(data) > 8 && data[8] == '{' {
		return "", "" // the length of a safetensors header may begin as anything
	}
	for _, k := range []struct{ magic, what string }{
		{"\x89PNG", "a PNG picture"},
		{"\xff\xd8\xff", "a JPEG picture"},
		{"RIFF", "a RIFF file (a WebP picture, a sound)"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
		{"Rar!", "a RAR archive"},
		{"\x1f\x8b", "a gzip archive"},
		{"\xfd7zXZ", "an xz archive"},
		{"\x28\xb5\x2f\xfd", "a zstd archive"},
		{"\x89HDF", "an HDF5 file"},
		{"\x08\x07ONNX", "an ONNX model"},
		{"ggml", "an old GGML file"},
		{"ggjt", "an old GGML file"},
	} {
		if bytes.HasPrefix(data, []byte(k.magic)) {
			return k.what, "unpack it or get the safetensors file of this model"
		}
	}
	return "", ""
}
