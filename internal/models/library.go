package models

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Library loads model files onto a backend and keeps what it loaded: a second node that asks for the same file shares it.
// Weights stay in the mapped file, so a model costs memory only for what it compiles. It is safe for concurrent use.
type Library struct {
	folders *Folders
	backend tensor.Backend

	mu     sync.Mutex // guards loaded
	loaded map[string]*entry
}

// entry is a file that is loaded or being loaded.
type entry struct {
	once  sync.Once
	file  *weights.File
	ck    diffusion.Checkpoint
	model *diffusion.Model
	text  *diffusion.CLIP
	vae   *diffusion.VAE
	err   error
	state string // size and time of the file when it was loaded
}

// NewLibrary makes a Library. Close it before the backend.
func NewLibrary(f *Folders, b tensor.Backend) *Library {
	return &Library{folders: f, backend: b, loaded: map[string]*entry{}}
}

// Names lists the files of a folder; none when there is no such folder.
func (l *Library) Names(_ context.Context, folder string) []string {
	names, _ := l.folders.List(folder)
	return names
}

// Checkpoint loads a file of the folder checkpoints. A file that is no checkpoint is a fault.WrongModel that says what it is
// and which node loads it.
func (l *Library) Checkpoint(_ context.Context, name string) (diffusion.Checkpoint, error) {
	e, err := l.load("checkpoints", name, func(e *entry) error {
		if err := Inspect(e.file).Want(name, Checkpoint); err != nil {
			return err
		}
		var err error
		e.ck, err = diffusion.Load(e.file, l.backend)
		return err
	})
	if err != nil {
		return diffusion.Checkpoint{}, err
	}
	return e.ck, nil
}

// VAE loads a file of the folder vae; a whole checkpoint there gives its VAE.
func (l *Library) VAE(_ context.Context, name string) (*diffusion.VAE, error) {
	e, err := l.load("vae", name, func(e *entry) error {
		if err := Inspect(e.file).Want(name, VAEFile, ApproximateVAE, Checkpoint); err != nil {
			return err
		}
		var err error
		e.vae, err = diffusion.LoadVAE(e.file, l.backend)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.vae, nil
}

// load finds a file, opens it once and lets read make something of it. A file that has changed on disk is loaded anew.
func (l *Library) load(folder, name string, read func(*entry) error) (*entry, error) {
	path, err := l.folders.Find(folder, name)
	if err != nil {
		return nil, err
	}
	state, err := stateOf(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "cannot read %s", name)
	}
	key := folder + "\x00" + path
	l.mu.Lock()
	e := l.loaded[key]
	if e == nil || e.state != state {
		e = &entry{state: state}
		l.loaded[key] = e
	}
	l.mu.Unlock()
	e.once.Do(func() {
		e.err = tensor.Guard(func() (err error) {
			if e.file, err = weights.Open(path); err != nil {
				return err
			}
			return read(e)
		})
	})
	if e.err != nil {
		l.forget(key, e) // the next try reads the file again
		var f *fault.Error
		if errors.As(e.err, &f) && strings.Contains(f.Detail, name) {
			return nil, e.err
		}
		return nil, fault.Wrap(e.err, fault.CodeOf(e.err), "cannot load %s", name)
	}
	return e, nil
}

// Version tells one content of a file from another by its size and time; it is empty for a file that is not there.
func (l *Library) Version(_ context.Context, folder, name string) string {
	path, err := l.folders.Find(folder, name)
	if err != nil {
		return ""
	}
	state, _ := stateOf(path) // a file that cannot be read has none
	return state
}

func stateOf(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(st.Size(), st.ModTime().UnixNano()), nil
}

func (l *Library) forget(key string, e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loaded[key] == e {
		delete(l.loaded, key)
	}
}

// Unload forgets everything. Nodes that still hold a model keep it until they are done.
func (l *Library) Unload() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.loaded)
}

// Close forgets everything.
func (l *Library) Close() error {
	l.Unload()
	return nil
}

// Embeddings finds textual-inversion embeddings in the folder embeddings.
func (l *Library) Embeddings() diffusion.Embeddings { return embeddings{l.folders} }

type embeddings struct{ folders *Folders }

// Lookup reads an embedding by its name, with or without the file's extension.
func (e embeddings) Lookup(encoder, name string) (rows [][]float32, ok bool, err error) {
	for _, ext := range []string{"", ".safetensors", ".pt", ".bin"} { // Compat: the order in which they are tried
		path, err := e.folders.Find("embeddings", name+ext)
		if err != nil {
			continue
		}
		err = tensor.Guard(func() error {
			f, err := weights.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			rows, err = diffusion.EmbeddingRows(f, encoder)
			return err
		})
		return rows, err == nil, err
	}
	return nil, false, nil
}
