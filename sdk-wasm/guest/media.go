package guest

import (
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Chosen names a file as widgets do: "folder/name.png [output]", without a type in the input folder.
func Chosen(name string) (Asset, error) {
	b, err := abi.Append(nil, map[string]any{"name": name})
	if err != nil {
		return Asset{}, err
	}
	h := hostAssetOpen(at(b))
	return Asset{abi.Handle{Kind: abi.KindAsset, ID: uint64(h)}}, check(h)
}

// Image decodes a picture file: a picture for each of its frames.
func (a Asset) Image() (Image, error) {
	t, err := result(hostAssetImage(int64(a.Handle.ID), 0))
	return Image{t}, err
}

// Mask decodes the transparency of a picture file: 1 where nothing is to be seen.
func (a Asset) Mask() (Mask, error) {
	t, err := result(hostAssetImage(int64(a.Handle.ID), 1))
	return Mask{t}, err
}

// Draft is a file in the making, an io.Writer. Nothing is kept until Commit.
type Draft struct{ Handle abi.Handle }

// Create begins a file of the output folder.
func Create(name string) (Draft, error) {
	h := hostAssetCreate(atText(name))
	return Draft{abi.Handle{Kind: abi.KindDraft, ID: uint64(h)}}, check(h)
}

// Write adds bytes.
func (d Draft) Write(b []byte) (int, error) {
	p, n := at(b)
	got := hostAssetWrite(int64(d.Handle.ID), p, n)
	return max(int(got), 0), check(got)
}

// Commit saves the file and says what it is called.
func (d Draft) Commit() (File, error) {
	return savedAs(func(o, limit uint32) int64 { return hostAssetCommit(int64(d.Handle.ID), o, limit) })
}

// Store saves a Body, what is left of an Exchange, or an Asset as a file of the output folder; h is its handle. No byte of it
// gets here.
func Store(h abi.Handle, name string) (File, error) {
	return savedAs(func(o, limit uint32) int64 {
		p, n := atText(name)
		return hostAssetStore(int64(h.ID), p, n, o, limit)
	})
}

func savedAs(call func(o, limit uint32) int64) (File, error) {
	out, err := fetched(call)
	if err != nil {
		return File{}, err
	}
	v, err := abi.Decode(out, abi.DefaultLimits())
	return fileOf(v), err
}

func fileOf(v any) File {
	m := abi.AsMap(v)
	return File{m.Text("type"), m.Text("subfolder"), m.Text("filename")}
}

// UI is the file as a node shows it.
func (f File) UI() map[string]any {
	return map[string]any{"type": f.Type, "subfolder": f.Subfolder, "filename": f.Filename}
}

// PictureForm is how pictures are written. The zero value is a PNG.
type PictureForm struct {
	Format  string            // "png", "jpeg" or "webp"
	Quality int               // of a jpeg, 1 to 100; 0 is 90
	Text    map[string]string // in a png: "prompt" and "workflow" let a client open it
}

func (f PictureForm) message(i Image) map[string]any {
	m := map[string]any{"image": i.handle(abi.KindImage)}
	if f.Format != "" {
		m["format"] = f.Format
	}
	if f.Quality != 0 {
		m["quality"] = f.Quality
	}
	if len(f.Text) > 0 {
		m["text"] = anyMap(f.Text)
	}
	return m
}

// SaveImage saves the pictures of a batch in the output folder, a file each.
func SaveImage(i Image, name string, f PictureForm) ([]File, error) {
	m := f.message(i)
	m["name"] = name
	b, err := abi.Append(nil, m)
	if err != nil {
		return nil, err
	}
	out, err := fetched(func(o, limit uint32) int64 {
		p, n := at(b)
		return hostImageSave(p, n, o, limit)
	})
	if err != nil {
		return nil, err
	}
	v, err := abi.Decode(out, abi.DefaultLimits())
	list, _ := v.([]any)
	files := make([]File, len(list))
	for k, e := range list {
		files[k] = fileOf(e)
	}
	return files, err
}

// TypeOf is the type of the links that a value has: "MODEL", "LATENT".
func TypeOf(h abi.Handle) (string, error) {
	b, err := fetched(func(o, limit uint32) int64 { return hostHType(int64(h.ID), o, limit) })
	return string(b), err
}

// Parts takes a latent, audio or a picture apart; see docs/abi.md. Tensors are of type Tensor, handles of other values Value.
func Parts(h abi.Handle) (map[string]any, error) {
	b, err := fetched(func(o, limit uint32) int64 { return hostHParts(int64(h.ID), o, limit) })
	if err != nil {
		return nil, err
	}
	v, err := abi.Decode(b, abi.DefaultLimits())
	m, _ := v.(map[string]any)
	for k, e := range m {
		m[k] = fromWire(e)
	}
	return m, err
}

// Build makes a latent (abi.KindLatent) or audio (abi.KindAudio) of parts.
func Build(kind uint32, parts map[string]any) (Value, error) {
	m := make(map[string]any, len(parts))
	for k, e := range parts {
		m[k] = toWire(e)
	}
	b, err := abi.Append(nil, m)
	if err != nil {
		return Value{}, err
	}
	p, n := at(b)
	h := hostHBuild(kind, p, n)
	return Value{abi.Handle{Kind: kind, ID: uint64(h)}}, check(h)
}
