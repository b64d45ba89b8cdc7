package weights

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/weights/pickle"
)

// maxPickleBytes bounds the table of tensors in a torch file; that of a checkpoint with optimizer state has a few megabytes.
const maxPickleBytes = 64 << 20

// parseTorchZip reads what torch.save writes since 1.6: a zip archive whose data.pkl is the table of tensors and whose data/N
// are the storages, uncompressed. Storages stay where they are in the mapping.
func (f *File) parseTorchZip(name string) error {
	z, err := zip.NewReader(bytes.NewReader(f.data), int64(len(f.data)))
	if err != nil {
		return fault.New(fault.BadFile, "%s: a zip archive that is cut or damaged (%v); download it again", name, err)
	}
	var root string
	var table *zip.File
	members := make(map[string]*zip.File, len(z.File))
	for _, m := range z.File {
		members[m.Name] = m
		if path.Base(m.Name) == "data.pkl" && table == nil {
			table, root = m, strings.TrimSuffix(m.Name, "data.pkl")
		}
	}
	if table == nil {
		return fault.New(fault.BadFile, "%s: a zip archive, but not one that torch.save wrote (no data.pkl in it); unpack it", name)
	}
	if err := f.checkTorchZip(name, root, members); err != nil {
		return err
	}
	text, _, err := f.member(name, table)
	if err != nil {
		return err
	}
	if len(text) > maxPickleBytes {
		return fault.New(fault.TooLarge, "%s: its pickle has %d bytes, over the bound of %d", name, len(text), maxPickleBytes)
	}
	t := torchTable{storages: map[string]*storage{}}
	v, _, err := pickle.Load(text, t.rules())
	if err != nil {
		return pickleFault(name, err)
	}
	for key, s := range t.storages {
		m := members[root+"data/"+key]
		if m == nil {
			return fault.New(fault.BadFile, "%s: storage %q is not in the archive; download the file again", name, key)
		}
		data, at, err := f.member(name, m)
		if err != nil {
			return err
		}
		s.offset, s.size = at, int64(len(data))
	}
	return f.addTable(name, v)
}

// checkTorchZip refuses programs and foreign byte orders.
func (f *File) checkTorchZip(name, root string, members map[string]*zip.File) error {
	if members[root+"constants.pkl"] != nil {
		return fault.New(fault.Unsupported, "%s: a TorchScript program, not a file of weights; get the safetensors file of this model", name)
	}
	order := members[root+"byteorder"]
	if order == nil {
		return nil
	}
	text, _, err := f.member(name, order)
	if err != nil {
		return err
	}
	if string(text) != "little" {
		return fault.New(fault.Unsupported, "%s: stored in %q byte order; save it again on a little-endian machine", name, text)
	}
	return nil
}

// member gives the bytes of an archive member and where they are in the file.
func (f *File) member(name string, m *zip.File) ([]byte, int64, error) {
	if m.Method != zip.Store {
		return nil, 0, fault.New(fault.Unsupported, "%s: %s is compressed, which torch.save never does; save the file again or get the safetensors file", name, m.Name)
	}
	at, err := m.DataOffset()
	size := int64(len(f.data))
	if err != nil || at < 0 || at > size || m.UncompressedSize64 > uint64(size-at) {
		return nil, 0, fault.New(fault.BadFile, "%s: %s lies outside the file; the file is cut or damaged, download it again", name, m.Name)
	}
	return f.data[at : at+int64(m.UncompressedSize64)], at, nil
}

// pickleFault keeps the code of faults from the rules and makes all else BadFile.
func pickleFault(name string, err error) error {
	code := fault.CodeOf(err)
	if code == fault.Internal {
		code = fault.BadFile
	}
	if code == fault.Forbidden {
		return fault.New(code, "%s: refused, nothing was run: %v; use the safetensors file of this model", name, err)
	}
	return fault.New(code, "%s: not a table of tensors (%v); download it again or use the safetensors file of this model", name, err)
}

// legacyMagic opens a file of torch before 1.6: protocol 2 and the integer 0x1950a86a20f9469cfc6c.
const legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

func isLegacyTorch(data []byte) bool { return bytes.HasPrefix(data, []byte(legacyMagic)) }

// parseTorchLegacy reads what torch.save wrote before 1.6: pickles of a magic number, a version, the machine, the table and
// the storages' keys, then each storage: its element count in 8 bytes, and its elements.
func (f *File) parseTorchLegacy(name string) error {
	t := torchTable{storages: map[string]*storage{}}
	at := int64(len(legacyMagic))
	var parts [4]any // version, machine, table, keys
	for i := range parts {
		rest := f.data[at:]
		v, n, err := pickle.Load(rest[:min(len(rest), maxPickleBytes)], t.rules())
		if err != nil {
			return pickleFault(name, fmt.Errorf("from byte %d on: %w", at, err))
		}
		parts[i] = v
		at += int64(n)
	}
	if parts[0] != int64(1001) {
		return fault.New(fault.Unsupported, "%s: written by an unknown version of torch's format (%v)", name, parts[0])
	}
	if info, ok := parts[1].(*pickle.Dict); ok {
		if little, _ := info.Get("little_endian"); little == false {
			return fault.New(fault.Unsupported, "%s: stored in big-endian byte order; save it again on a little-endian machine", name)
		}
	}
	keys, ok := parts[3].(*pickle.List)
	if !ok {
		return fault.New(fault.BadFile, "%s: byte %d: a list of storages should end here; download the file again", name, at)
	}
	for _, key := range keys.Items {
		text, _ := key.(string)
		s := t.storages[text]
		if s == nil {
			return fault.New(fault.BadFile, "%s: a storage %v that no tensor uses; the file is damaged", name, key)
		}
		r := reader{data: f.data, at: at}
		count := r.u64()
		if r.err != nil || count > uint64(int64(len(f.data))-r.at)/uint64(s.width) {
			return fault.New(fault.BadFile, "%s: cut short: storage %q at byte %d has %d elements; download the file again", name, text, at, count)
		}
		s.offset, s.size = r.at, int64(count)*int64(s.width)
		at = s.offset + s.size
	}
	return f.addTable(name, parts[2])
}
