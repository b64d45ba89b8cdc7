package pack

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Bounds of a package.
const (
	MaxBytes   = 64 << 20 // of the package, and of all its files together
	MaxEntries = 2000
	MaxRatio   = 100 // of a file to its compressed form
)

// The zip format, as far as packages use it (APPNOTE.TXT, 4.3): no ZIP64, no encryption, no data descriptors, no extra
// fields, no comments; headers and data lie one behind another from the first byte to the last.
const (
	localSign   = 0x04034b50
	centralSign = 0x02014b50
	endSign     = 0x06054b50
	localSize   = 30
	centralSize = 46
	endSize     = 22
	methodStore = 0
	methodFlate = 8
	flagUTF8    = 0x800
	unixType    = 0o170000 << 16 // of external attributes
	unixRegular = 0o100000 << 16
	dosFolder   = 0x10
)

// entry is a file of a package.
type entry struct {
	name         string
	method       uint16
	crc          uint32
	packed, size uint32 // bytes
	data         int64  // offset of the packed bytes
}

var le = binary.LittleEndian

// foreign is the error about zip files that are not as packages are.
func foreign(format string, args ...any) error {
	return fault.Wrap(fault.New(fault.BadFile, format, args...), fault.BadFile, "this is no package as cocoon ext pack writes it")
}

// readZip reads the directory of a zip file and holds it against what it describes; no data is looked at.
func readZip(r io.ReaderAt, size int64) ([]entry, error) {
	if size > MaxBytes {
		return nil, fault.New(fault.TooLarge, "the package has %d bytes, more than %d", size, MaxBytes)
	}
	if size < endSize {
		return nil, foreign("%d bytes are too few", size)
	}
	var end [endSize]byte
	if _, err := r.ReadAt(end[:], size-endSize); err != nil {
		return nil, err
	}
	n, dirSize, dir := int(le.Uint16(end[10:])), int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:]))
	switch {
	case le.Uint32(end[:]) != endSign || le.Uint16(end[20:]) != 0:
		return nil, foreign("it does not end as a zip file without a comment does")
	case le.Uint16(end[4:]) != 0 || le.Uint16(end[6:]) != 0 || int(le.Uint16(end[8:])) != n:
		return nil, foreign("it is a part of several files")
	case n == 0 || n > MaxEntries:
		return nil, fault.New(fault.TooLarge, "the package has %d files; there are 1 to %d", n, MaxEntries)
	case dir+dirSize+endSize != size || dirSize < int64(n)*centralSize || dirSize > int64(n)*(centralSize+2*maxName):
		return nil, foreign("its directory is not where it says")
	}
	b := make([]byte, dirSize)
	if _, err := r.ReadAt(b, dir); err != nil {
		return nil, err
	}
	return readDirectory(r, b, n, dir)
}

func readDirectory(r io.ReaderAt, b []byte, n int, dir int64) ([]entry, error) {
	entries := make([]entry, 0, n)
	names := newNameSet()
	var at, total int64
	for range n {
		e, header, rest, err := readCentral(b)
		if err != nil {
			return nil, err
		}
		if int64(le.Uint32(header[42:])) != at {
			return nil, foreign("%q does not lie behind the file before it", e.name)
		}
		if err := e.checkLocal(r, header, at, dir); err != nil {
			return nil, err
		}
		if err := CheckName(e.name); err != nil {
			return nil, err
		}
		if err := names.add(e.name); err != nil {
			return nil, err
		}
		at = e.data + int64(e.packed)
		if total += int64(e.size); total > MaxBytes {
			return nil, fault.New(fault.TooLarge, "the files of the package have more than %d bytes", MaxBytes)
		}
		entries, b = append(entries, e), rest
	}
	if at != dir || len(b) != 0 {
		return nil, foreign("there is something between its files and its directory")
	}
	return entries, nil
}

// readCentral takes the next header off a directory.
func readCentral(b []byte) (e entry, header, rest []byte, err error) {
	if len(b) < centralSize || le.Uint32(b) != centralSign {
		return e, nil, nil, foreign("its directory is cut off")
	}
	nameLen := int(le.Uint16(b[28:]))
	if len(b) < centralSize+nameLen {
		return e, nil, nil, foreign("its directory is cut off")
	}
	header = b[:centralSize]
	e = entry{name: string(b[centralSize : centralSize+nameLen]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]), packed: le.Uint32(b[20:]), size: le.Uint32(b[24:])}
	flags, attrs := le.Uint16(b[8:]), le.Uint32(b[38:])
	switch {
	case le.Uint16(b[6:]) > 20:
		err = foreign("%q needs a newer kind of zip", e.name)
	case flags&1 != 0:
		err = foreign("%q is encrypted", e.name)
	case flags&^flagUTF8 != 0 || flags == 0 && !ascii(e.name):
		err = foreign("%q has flags %#x", e.name, flags)
	case e.method != methodStore && e.method != methodFlate || e.method == methodStore && e.packed != e.size:
		err = foreign("%q is compressed by method %d", e.name, e.method)
	case le.Uint16(b[30:]) != 0 || le.Uint16(b[32:]) != 0 || le.Uint16(b[34:]) != 0:
		err = foreign("%q has an extra field, a comment or a disk", e.name)
	case attrs&unixType != 0 && attrs&unixType != unixRegular || attrs&dosFolder != 0:
		err = foreign("%q is a link, a folder or a device; packages have files only", e.name)
	case int64(e.size) > MaxRatio*int64(e.packed):
		err = fault.New(fault.TooLarge, "%q is compressed to less than a part in %d", e.name, MaxRatio)
	}
	return e, header, b[centralSize+nameLen:], err
}

// checkLocal holds the header before a file's data against the one in the directory.
func (e *entry) checkLocal(r io.ReaderAt, header []byte, at, dir int64) error {
	e.data = at + localSize + int64(len(e.name))
	if e.data+int64(e.packed) > dir {
		return foreign("%q goes on into the directory", e.name)
	}
	local := make([]byte, localSize+len(e.name))
	if _, err := r.ReadAt(local, at); err != nil {
		return err
	}
	if le.Uint32(local) != localSign || !bytes.Equal(local[4:localSize], header[6:32]) || string(local[localSize:]) != e.name {
		return foreign("%q is one thing in the directory and another before its data", e.name)
	}
	return nil
}

// read gives a file's bytes, checked against their size and sum.
func (e *entry) read(r io.ReaderAt) ([]byte, error) {
	packed := make([]byte, e.packed)
	if _, err := r.ReadAt(packed, e.data); err != nil {
		return nil, err
	}
	out := packed
	if e.method == methodFlate {
		src := bytes.NewReader(packed)
		z := flate.NewReader(src)
		out = make([]byte, e.size)
		_, err := io.ReadFull(z, out)
		if n, end := z.Read(make([]byte, 1)); err != nil || n != 0 || end != io.EOF || src.Len() != 0 {
			return nil, foreign("%q is not compressed as it says", e.name)
		}
	}
	if crc32.ChecksumIEEE(out) != e.crc {
		return nil, foreign("%q has another sum than it says", e.name)
	}
	return out, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
