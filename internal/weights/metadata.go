package weights

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// ReadMetadata reads what a safetensors file says about itself and nothing else of it, so that it does for a file that is cut,
// too. The map is nil when the file says nothing. Errors: NotFound; TooLarge for a header over limitBytes; BadFile.
func ReadMetadata(path string, limitBytes int64) (map[string]string, error) {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "%s: cannot be opened", name)
	}
	defer f.Close()
	var head [8]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s: too short for a safetensors file", name)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > uint64(limitBytes) {
		return nil, fault.New(fault.TooLarge, "%s: a header of %d bytes, over the bound of %d", name, n, limitBytes)
	}
	st, err := f.Stat()
	if err != nil || int64(n) > st.Size()-8 {
		return nil, fault.Wrap(err, fault.BadFile, "%s: cut short in its header", name)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s: cut short in its header", name)
	}
	h := headerReader{scan: jsonScanner{text: string(text)}, file: &File{}}
	err = h.scan.object(func(key string) error {
		if key != "__metadata__" {
			_, err := h.scan.skip(0)
			return err
		}
		h.file.meta = map[string]string{}
		return h.metadata()
	})
	if err != nil {
		return nil, fault.New(fault.BadFile, "%s: the safetensors header is damaged (%v)", name, err)
	}
	return h.file.meta, nil
}
