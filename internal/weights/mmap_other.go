//go:build !unix

package weights

import (
	"io"
	"os"
)

// mapFile reads size bytes of f: where files are not mapped they are copied once.
func mapFile(f *os.File, size int) (data []byte, free func() error, err error) {
	data = make([]byte, size)
	if _, err = io.ReadFull(f, data); err != nil {
		return nil, nil, err
	}
	return data, func() error { return nil }, nil
}
