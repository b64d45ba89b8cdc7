package server

import (
	"maps"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/reply"
)

// embeddings is GET /embeddings: names without their extension.
func (s *Server) embeddings(w http.ResponseWriter, _ *http.Request, _ params) error {
	files, _ := s.c.Models.List("embeddings")
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, path.Ext(f)))
	}
	slices.Sort(names)
	reply.JSON(w, 200, names)
	return nil
}

// modelFolders is GET /models.
func (s *Server) modelFolders(w http.ResponseWriter, _ *http.Request, _ params) error {
	reply.JSON(w, 200, s.c.Models.Folders())
	return nil
}

// modelFiles is GET /models/{folder}.
func (s *Server) modelFiles(w http.ResponseWriter, _ *http.Request, p params) error {
	names, ok := s.c.Models.List(p.get("folder"))
	if !ok {
		return plain(http.StatusNotFound)
	}
	if names == nil {
		names = []string{}
	}
	reply.JSON(w, 200, names)
	return nil
}

// viewMetadata is GET /view_metadata/{folder}: what a model file says of itself.
func (s *Server) viewMetadata(w http.ResponseWriter, r *http.Request, p params) error {
	name := queryOf(r).Get("filename")
	if !strings.HasSuffix(name, ".safetensors") {
		return plain(http.StatusNotFound)
	}
	// Compat: a name is read below the folder, wherever it tries to lead.
	meta, ok := s.c.Models.Metadata(p.get("folder"), strings.TrimPrefix(path.Clean("/"+name), "/"))
	if !ok {
		return plain(http.StatusNotFound)
	}
	reply.JSON(w, 200, meta)
	return nil
}

// model is GET /cocoon/model?name=: what a checkpoint is.
func (s *Server) model(w http.ResponseWriter, r *http.Request, _ params) error {
	info, err := s.c.Models.Describe(queryOf(r).Get("name"))
	if err != nil {
		return err
	}
	reply.JSON(w, 200, info)
	return nil
}

// systemStats is GET /system_stats. Compat: exactly the reference's keys.
func (s *Server) systemStats(w http.ResponseWriter, _ *http.Request, _ params) error {
	total, free := s.c.Memory()
	name, kind := s.c.Device()
	system := map[string]any{
		"os": osName(), "ram_total": total, "ram_free": free, "comfyui_version": comfyVersion,
		"required_frontend_version": orNil(s.c.FrontendVersion), "installed_templates_version": nil, "required_templates_version": nil,
		"comfy_package_versions": []any{}, "python_version": "none: Cocoon " + s.c.Version + ", " + runtime.Version(),
		"pytorch_version": "none", "embedded_python": false, "deploy_environment": "local-git", "argv": s.c.Argv,
	}
	device := map[string]any{
		"name": name, "type": kind, "index": nil,
		"vram_total": total, "vram_free": free, "torch_vram_total": total, "torch_vram_free": free,
	}
	reply.JSON(w, 200, map[string]any{"system": system, "devices": []any{device}})
	return nil
}

// orNil is a text, or null when there is none.
func orNil(t string) any {
	if t == "" {
		return nil
	}
	return t
}

// osName is the platform as Python spells it.
func osName() string {
	if runtime.GOOS == "windows" {
		return "win32"
	}
	return runtime.GOOS
}

// flags are the server's feature flags.
func (s *Server) flags() map[string]any {
	all := map[string]any{}
	maps.Copy(all, s.c.FeatureFlags)
	maps.Copy(all, map[string]any{
		"supports_preview_metadata": true, "max_upload_size": s.c.MaxUpload, "node_replacements": true,
		"supports_model_type_tags": true, "assets": s.c.Assets != nil,
		"extension": map[string]any{"manager": map[string]any{"supports_v4": true}},
	})
	return all
}

// features is GET /features.
func (s *Server) features(w http.ResponseWriter, _ *http.Request, _ params) error {
	reply.JSON(w, 200, s.flags())
	return nil
}

// info is GET /cocoon/info: what the page shows of the server.
func (s *Server) info(w http.ResponseWriter, _ *http.Request, _ params) error {
	name, _ := s.c.Device()
	reply.JSON(w, 200, map[string]any{"version": s.c.Version, "comfyui_version": comfyVersion, "device": name})
	return nil
}

// internalFiles is GET /internal/files/{kind}.
func (s *Server) internalFiles(w http.ResponseWriter, _ *http.Request, p params) error {
	kind := p.get("kind")
	if !slices.Contains(kinds, kind) {
		reply.JSON(w, 400, map[string]string{"error": "Invalid directory type"})
		return nil
	}
	names, err := s.newestFirst(kind)
	if err != nil {
		return fault.Wrap(err, fault.CodeOf(err), "cannot list the %s folder", kind)
	}
	for i := range names {
		names[i] += " [" + kind + "]" // Compat: names say where they are
	}
	reply.JSON(w, 200, names)
	return nil
}
