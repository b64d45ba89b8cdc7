package code

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// admission is what the cache keeps of an admitted module, before the metered module itself.
type admission struct {
	Module     Module
	Globals    []fuel.Global
	Resettable bool
	HasStart   bool
}

// Admit is the function Admit, from the cache where the same module was admitted under the same limits and contract before.
func (c *Cache) Admit(module []byte, l wasm.Limits) (*Module, error) {
	if c.dir == "" {
		return Admit(module, l, c.contract)
	}
	sum := sha256.Sum256(module)
	key := sha256.Sum256(fmt.Appendf(sum[:], "\x00%+v\x00%+v\x00%s", l, *c.contract, fuel.Version))
	entry := "admitted-" + hex.EncodeToString(key[:])
	if _, b, ok := c.read(entry); ok {
		if a, ok := readAdmission(b); ok {
			return a, nil
		}
	}
	a, err := Admit(module, l, c.contract)
	if err != nil {
		return nil, err
	}
	r := a.Metered
	head, err := json.Marshal(admission{*a, r.Globals, r.Resettable, r.HasStart})
	if err != nil {
		return nil, err
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(head)+len(r.Bytes)), uint32(len(head)))
	c.write(entry, "", append(append(b, head...), r.Bytes...))
	return a, nil
}

// readAdmission reads an entry, whose MAC was checked.
func readAdmission(b []byte) (*Module, bool) {
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return nil, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	var s admission
	if json.Unmarshal(b[4:4+n], &s) != nil {
		return nil, false
	}
	a := s.Module
	a.Metered = &fuel.Result{Bytes: b[4+n:], Globals: s.Globals, Resettable: s.Resettable, HasStart: s.HasStart}
	return &a, true
}
