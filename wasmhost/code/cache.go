package code

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/jail"
)

// Cache keeps admitted modules and their compiled code on disk. The engine trusts what it reads, so each entry is bound to a key
// of this host by HMAC-SHA256, and is shown to the engine, in a folder of this process alone, only after it was checked. Its
// methods may be called from any goroutine.
type Cache struct {
	dir      string // "" keeps nothing
	run      string // the engine's folder
	sub      string // below it, the folder that the engine names
	key      []byte
	jail     []string
	contract *Contract
	engine   wazero.CompilationCache
}

// CompileTime is how much processor time the module may take to compile.
func (a *Module) CompileTime() time.Duration {
	return 8*time.Second + time.Duration(float64(a.Metrics.CodeBytes)/(1<<20)*3*float64(time.Second))
}

// Open opens the cache in dir, which is made; "" keeps nothing. jail is the command that compiles modules in a process of its
// own; none leaves it to the engine. Close it.
func Open(dir string, jail []string, contract *Contract) (*Cache, error) {
	run, err := os.MkdirTemp("", "cocoon-code-")
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "no folder for compiled code")
	}
	c := &Cache{run: run, jail: jail, contract: contract}
	if c.engine, err = wazero.NewCompilationCacheWithDir(run); err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "no folder for compiled code")
	}
	subs, err := os.ReadDir(run)
	if err != nil || len(subs) != 1 {
		return nil, fault.Wrap(err, fault.Internal, "the engine's folder is not as expected")
	}
	c.sub = filepath.Join(run, subs[0].Name())
	if dir == "" {
		return c, nil
	}
	c.dir = dir
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "no folder for compiled code")
	}
	c.key, err = hostKey(filepath.Join(c.dir, keyFile))
	return c, err
}

// hostKey reads the key, or makes it.
func hostKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil && len(b) == 32 {
		return b, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.ReadOnly, "the key of the code cache cannot be read")
	}
	b = make([]byte, 32)
	_, _ = rand.Read(b)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the key of the code cache cannot be kept")
	}
	return b, nil
}

// Engine is what the engine of this process is to find code in.
func (c *Cache) Engine() wazero.CompilationCache { return c.engine }

// Close ends the cache; what is on disk stays.
func (c *Cache) Close() error {
	err := c.engine.Close(context.Background())
	if e := os.RemoveAll(c.run); err == nil {
		err = e
	}
	return err
}

// name is the entry of a metered module: it changes with the engine, the processor's kind and the schedule of fuel.
func (c *Cache) name(module []byte) string {
	h := sha256.New()
	h.Write(module)
	engine := "?"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/tetratelabs/wazero" {
				engine = d.Version
			}
		}
	}
	for _, s := range []string{engine, runtime.GOARCH, runtime.GOOS, filepath.Base(c.sub), fuel.Version} {
		h.Write([]byte("\x00" + s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Prepare gives what makes the engine of this process find a module's code; see slot.Options.Show. What the engine itself
// compiled is kept.
func (c *Cache) Prepare(ctx context.Context, a *Module) (show func() (forget func(), err error), err error) {
	file, code, err := c.Find(ctx, a)
	if err != nil {
		return nil, err
	}
	if file == "" {
		entry := c.name(a.Metered.Bytes)
		return func() (func(), error) { return func() { c.keep(entry) }, nil }, nil
	}
	return func() (func(), error) { return c.show(file, code) }, nil
}

// Find gives a module's code: from the cache, or from the jail, or nothing where there is neither.
func (c *Cache) Find(ctx context.Context, a *Module) (file string, code []byte, err error) {
	entry := c.name(a.Metered.Bytes)
	if file, code, ok := c.read(entry); ok {
		return file, code, nil
	}
	if len(c.jail) == 0 {
		return "", nil, nil
	}
	file, code, err = jail.Compile(ctx, c.jail, a.Metered.Bytes, a.CompileTime())
	if err == nil {
		c.write(entry, file, code)
	}
	return file, code, err
}

func (c *Cache) show(file string, code []byte) (forget func(), err error) {
	path := filepath.Join(c.sub, filepath.Base(file))
	if err := os.WriteFile(path, code, 0o600); err != nil {
		return nil, fault.Wrap(err, fault.DiskFull, "compiled code cannot be kept")
	}
	return func() { _ = os.Remove(path) }, nil
}

// keep moves what the engine wrote into the cache. Modules are compiled one by one, so that all of it is one module's.
func (c *Cache) keep(entry string) {
	files, err := os.ReadDir(c.sub)
	if err != nil {
		return
	}
	for _, f := range files {
		path := filepath.Join(c.sub, f.Name())
		if code, err := os.ReadFile(path); err == nil && len(files) == 1 {
			c.write(entry, f.Name(), code)
		}
		_ = os.Remove(path)
	}
}

func (c *Cache) mac(entry, file string, code []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(entry + "\x00" + file + "\x00"))
	h.Write(code)
	return h.Sum(nil)
}

// read gives an entry's file name and code, if it is there and ours: MAC, length of the name, name, code.
func (c *Cache) read(entry string) (file string, code []byte, ok bool) {
	if c.dir == "" {
		return "", nil, false
	}
	b, err := os.ReadFile(filepath.Join(c.dir, entry))
	if err != nil || len(b) < sha256.Size+1 || len(b) < sha256.Size+1+int(b[sha256.Size]) {
		return "", nil, false
	}
	mac, rest := b[:sha256.Size], b[sha256.Size+1:]
	n := int(b[sha256.Size])
	file, code = string(rest[:n]), rest[n:]
	if !hmac.Equal(mac, c.mac(entry, file, code)) {
		_ = os.Remove(filepath.Join(c.dir, entry))
		return "", nil, false
	}
	now := time.Now()
	_ = os.Chtimes(filepath.Join(c.dir, entry), now, now) // when it was last of use; see sweep
	return file, code, true
}

// keyFile is the name of the key's file among the entries.
const keyFile = "key"

// write keeps an entry; that it cannot be kept costs time at the next start only.
func (c *Cache) write(entry, file string, code []byte) {
	if c.dir == "" || len(file) > 255 {
		return
	}
	b := bytes.Join([][]byte{c.mac(entry, file, code), {byte(len(file))}, []byte(file), code}, nil)
	temp, err := os.CreateTemp(c.dir, "new-")
	if err != nil {
		return
	}
	_, err = temp.Write(b)
	if e := temp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(c.dir, entry))
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return
	}
	c.sweep(cacheBytes)
}

// cacheBytes is what the entries may have together: an extension in development leaves some with each change.
const cacheBytes = 1 << 30

// sweep removes the entries that nobody has read for the longest time, until the rest has at most so many bytes.
func (c *Cache) sweep(most int64) {
	files, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var all []os.FileInfo
	total := int64(0)
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.Mode().IsRegular() && f.Name() != keyFile {
			all = append(all, info)
			total += info.Size()
		}
	}
	slices.SortFunc(all, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range all {
		if total <= most {
			return
		}
		if os.Remove(filepath.Join(c.dir, info.Name())) == nil {
			total -= info.Size()
		}
	}
}
