package assetapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Bounds on what is done while a prompt waits for it.
const (
	maxPresented = 1000     // files of a node's output
	maxHashedNow = 64 << 20 // bytes of a file; larger ones are hashed by the next scan
)

// Present enters the files of a node's output into a catalogue, as what ctx's tenant owns and a prompt made, and gives the output
// with their ids, with what is known of media, and with the previews that were chosen for files of these names. What is no file,
// or is none that is there, stays as it is.
func Present(ctx context.Context, c *assets.Catalogue, files Files, promptID string, ui json.RawMessage) json.RawMessage {
	o, err := doc.ParseObject(ui, doc.DefaultLimits())
	if err != nil {
		return ui
	}
	n := 0
	for _, kind := range o.Keys() {
		v, _ := o.Get(kind)
		list, _ := v.([]any)
		for _, item := range list {
			entry, ok := item.(*doc.Object)
			if !ok || n >= maxPresented {
				continue
			}
			a, err := produce(ctx, c, files, promptID, entry)
			if err != nil {
				if !errors.Is(err, fault.NotFound) {
					zerolog.Ctx(ctx).Warn().Err(err).Str("prompt_id", promptID).Msg("an output could not be entered into the catalogue")
				}
				continue
			}
			describe(entry, a)
			n++
		}
	}
	if n == 0 {
		return ui
	}
	return doc.Encode(o)
}

// describe adds to an entry of an output what the catalogue knows. Compat: keys without a value are left out.
func describe(entry *doc.Object, a assets.Ref) {
	entry.Set("id", a.ID)
	if a.PreviewID != "" {
		entry.Set("preview_id", a.PreviewID)
	}
	if known := doc.Stored(a.System); known.Len() > 0 && !entry.Has("metadata") && shows(&a) {
		entry.Set("metadata", known)
	}
}

func produce(ctx context.Context, c *assets.Catalogue, files Files, promptID string, entry *doc.Object) (a assets.Ref, err error) {
	text := func(key string) string {
		v, _ := entry.Get(key)
		s, _ := v.(string)
		return s
	}
	kind, sub, name := text("type"), text("subfolder"), text("filename")
	if name == "" || !fs.ValidPath(path.Join(sub, name)) || strings.ContainsAny(sub+name, "\\\x00") {
		return a, fault.New(fault.NotFound, "this is no file")
	}
	id, err := enter(ctx, c, files, kind, path.Join(sub, name), promptID)
	if err != nil {
		return a, err
	}
	return c.Get(ctx, tenant.Of(ctx), id)
}

// enter puts a file of the tenant into the catalogue.
func enter(ctx context.Context, c *assets.Catalogue, files Files, kind, name, promptID string) (string, error) {
	d := shelves{files: files}
	f, err := d.file(kind, name)
	if err != nil {
		return "", err
	}
	content, err := d.Open(f)
	if err != nil {
		return "", err
	}
	defer content.Close()
	mime, system := d.Describe(f, content)
	hash := ""
	if f.Size <= maxHashedNow {
		if _, err := content.Seek(0, 0); err != nil {
			return "", fmt.Errorf("hash %q: %w", name, err)
		}
		if hash, err = assets.HashOf(ctx, content); err != nil {
			return "", err
		}
	}
	return c.Produce(ctx, tenant.Of(ctx), f, promptID, hash, mime, system)
}

// Uploaded enters a file that was just uploaded into the catalogue and describes it; nil when that fails: the upload itself
// went well.
func (h *Handler) Uploaded(r *http.Request, kind, name string) any {
	ctx, owner := r.Context(), tenant.Of(r.Context())
	id, err := enter(ctx, h.c.Catalogue, h.c.Files, kind, path.Clean(name), "")
	if err == nil {
		_, err = h.c.Catalogue.AddTags(ctx, owner, id, []string{assets.Uploaded})
	}
	var a assets.Ref
	if err == nil {
		a, err = h.c.Catalogue.Get(ctx, owner, id)
	}
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("an upload could not be entered into the catalogue")
		return nil
	}
	return doc.Of("id", a.ID, "name", a.Name, "asset_hash", a.Hash, "size", a.Size, "mime_type", a.MIME, "tags", a.Tags)
}
