package pack

import (
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
)

// zipFile is a file to be written.
type zipFile struct {
	name string
	data []byte
}

// zipDate is 1980-01-01 00:00:00, the first that zip can write: the time of writing is not part of a package.
const zipDate = 0x21 << 16

// writeZip writes files in the order given. The same files give the same bytes.
func writeZip(w io.Writer, files []zipFile) error {
	var dir bytes.Buffer
	at := uint32(0)
	for _, f := range files {
		method, packed := squeeze(f.data)
		h := make([]byte, localSize, localSize+len(f.name))
		le.PutUint32(h, localSign)
		le.PutUint16(h[4:], 20)
		if !ascii(f.name) {
			le.PutUint16(h[6:], flagUTF8)
		}
		le.PutUint16(h[8:], method)
		le.PutUint32(h[10:], zipDate)
		le.PutUint32(h[14:], crc32.ChecksumIEEE(f.data))
		le.PutUint32(h[18:], uint32(len(packed)))
		le.PutUint32(h[22:], uint32(len(f.data)))
		le.PutUint16(h[26:], uint16(len(f.name)))
		c := make([]byte, centralSize)
		le.PutUint32(c, centralSign)
		le.PutUint16(c[4:], 3<<8|20) // attributes are those of Unix
		copy(c[6:32], h[4:30])
		le.PutUint32(c[38:], unixRegular|0o644<<16)
		le.PutUint32(c[42:], at)
		dir.Write(append(c, f.name...))
		for _, b := range [][]byte{append(h, f.name...), packed} {
			if _, err := w.Write(b); err != nil {
				return err
			}
			at += uint32(len(b))
		}
	}
	end := make([]byte, endSize)
	le.PutUint32(end, endSign)
	le.PutUint16(end[8:], uint16(len(files)))
	le.PutUint16(end[10:], uint16(len(files)))
	le.PutUint32(end[12:], uint32(dir.Len()))
	le.PutUint32(end[16:], at)
	_, err := w.Write(append(dir.Bytes(), end...))
	return err
}

// squeeze compresses, unless that gains nothing or more than readers believe.
func squeeze(data []byte) (method uint16, packed []byte) {
	ok, packed := deflate(data)
	if !ok || len(packed) >= len(data) || len(data) > MaxRatio*len(packed) {
		return methodStore, data
	}
	return methodFlate, packed
}

func deflate(data []byte) (ok bool, packed []byte) {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = z.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	return err == nil, b.Bytes()
}
