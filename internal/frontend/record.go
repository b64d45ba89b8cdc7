package frontend

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// maxRecord bounds the bytes of a wheel's list of files.
const maxRecord = 32 << 20

// verifyRecord compares every file of a wheel with the wheel's own list, dist-info/RECORD: all must be in it, with their hash,
// and all it names must be there. Source: the binary distribution format of Python packages (wheel).
func verifyRecord(all []entry, distInfo string) error {
	byName := make(map[string]entry, len(all))
	for _, e := range all {
		byName[e.name] = e
	}
	list, ok := byName[distInfo+"/RECORD"]
	if !ok {
		return fault.New(fault.BadFile, "the wheel has no list of its files (%s/RECORD)", distInfo)
	}
	rows, err := readRecord(list)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, row := range rows {
		name := row[0]
		e, ok := byName[name]
		if !ok {
			return fault.New(fault.BadFile, "the wheel's list names %q, which is not in it", name)
		}
		listed[name] = true
		if signature(name, distInfo) && row[1] == "" {
			continue
		}
		if err := verify(e, row[1], row[2]); err != nil {
			return err
		}
	}
	for _, e := range all {
		if !listed[e.name] && !signature(e.name, distInfo) {
			return fault.New(fault.BadFile, "the wheel holds %q, which its list does not name", e.name)
		}
	}
	return nil
}

// signature reports whether a file may stand without a hash: the list itself and what signs it.
func signature(name, distInfo string) bool {
	return path.Dir(name) == distInfo && strings.HasPrefix(path.Base(name), "RECORD")
}

func readRecord(list entry) ([][]string, error) {
	in, err := list.open()
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "the wheel's list of files cannot be read")
	}
	defer in.Close()
	r := csv.NewReader(io.LimitReader(in, maxRecord))
	r.FieldsPerRecord = 3
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.BadFile, "the wheel's list of files cannot be read")
		}
		rows = append(rows, row)
	}
}

// verify compares a file with "sha256=…" and its size.
func verify(e entry, hash, size string) error {
	want, ok := strings.CutPrefix(hash, "sha256=")
	if !ok {
		return fault.New(fault.Unsupported, "the wheel's list gives %q no sha256", e.name)
	}
	if size != "" && size != strconv.FormatInt(e.size, 10) {
		return fault.New(fault.BadFile, "the file %q has another size than the wheel's list says", e.name)
	}
	in, err := e.open()
	if err != nil {
		return fault.Wrap(err, fault.BadFile, "the file %q cannot be read", e.name)
	}
	defer in.Close()
	h := sha256.New()
	if n, err := io.Copy(h, io.LimitReader(in, e.size+1)); err != nil || n != e.size {
		return fault.Wrap(err, fault.BadFile, "the file %q cannot be unpacked", e.name)
	}
	if got := base64.RawURLEncoding.EncodeToString(h.Sum(nil)); got != strings.TrimRight(want, "=") {
		return fault.New(fault.BadFile, "the file %q is damaged: its hash is not the one in the wheel's list", e.name)
	}
	return nil
}
