package main

import (
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// mediaOps are parts of values, files in the making, and pictures as files.
func mediaOps() map[string]op {
	return map[string]op{
		"h_type": func(a args) (any, error) { return guest.TypeOf(a.handle(0)) },
		"h_parts": func(a args) (any, error) {
			m, err := guest.Parts(a.handle(0))
			for k, v := range m {
				if t, ok := v.(guest.Tensor); ok {
					m[k] = abi.Handle{Kind: abi.KindTensor, ID: t.ID}
				}
			}
			return m, err
		},
		"h_build": func(a args) (any, error) {
			v, err := guest.Build(uint32(a.int(0)), abi.AsMap(a[1]))
			return v.Handle, err
		},
		"asset_create": func(a args) (any, error) {
			d, err := guest.Create(a.text(0))
			return d.Handle, err
		},
		"asset_write": func(a args) (any, error) {
			n, err := guest.Draft{Handle: a.handle(0)}.Write(a.bytes(1))
			return int64(n), err
		},
		"asset_commit": func(a args) (any, error) {
			f, err := guest.Draft{Handle: a.handle(0)}.Commit()
			return f.UI(), err
		},
		"asset_store": func(a args) (any, error) {
			f, err := guest.Store(a.handle(0), a.text(1))
			return f.UI(), err
		},
		"asset_image": func(a args) (any, error) {
			file := guest.Asset{Handle: a.handle(0)}
			if a.int(1) == 1 {
				m, err := file.Mask()
				return of(abi.KindMask, m.Tensor, err)
			}
			i, err := file.Image()
			return of(abi.KindImage, i.Tensor, err)
		},
		"image_save": func(a args) (any, error) {
			m := abi.AsMap(a[2])
			form := guest.PictureForm{Format: m.Text("format"), Quality: int(m.Int("quality")), Text: map[string]string{}}
			for k := range m.Map("text") {
				form.Text[k] = m.Map("text").Text(k)
			}
			files, err := guest.SaveImage(guest.Image{Tensor: a.tensor(0)}, a.text(1), form)
			out := make([]any, len(files))
			for i, f := range files {
				out[i] = f.UI()
			}
			return out, err
		},
	}
}
