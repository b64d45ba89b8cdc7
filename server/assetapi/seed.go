package assetapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// seedRoots are the kinds that are scanned. Temporary files are not: they are gone before anybody looks.
var seedRoots = []string{assets.Models, "input", "output"}

// seed is POST /api/assets/seed. Model files are everybody's: where there are keys, only operators have them scanned.
func (h *Handler) seed(w http.ResponseWriter, r *http.Request) error {
	roots := seedRoots
	if v, err := doc.Read(r.Body, doc.DefaultLimits()); err == nil {
		if list, ok := doc.Within(v, "roots").([]any); ok {
			roots = nil
			for _, k := range list {
				if t, ok := k.(string); ok && slices.Contains(seedRoots, t) && !slices.Contains(roots, t) {
					roots = append(roots, t)
				}
			}
		}
	}
	if len(roots) == 0 {
		return refused(400, "INVALID_BODY", "No valid roots specified")
	}
	owner := tenant.Of(r.Context())
	if h.c.Keyed && slices.Contains(roots, assets.Models) {
		roots = slices.DeleteFunc(slices.Clone(roots), func(k string) bool { return k == assets.Models })
		if h.c.Operates(r) {
			h.c.Catalogue.Scanner("").Start(h.scan("", assets.Models))
		} else if len(roots) == 0 {
			return refused(403, "FORBIDDEN", "Model files are the operator's to scan.")
		}
	}
	scanner := h.c.Catalogue.Scanner(owner)
	if len(roots) > 0 && !scanner.Start(h.scan(owner, roots...)) {
		reply.JSON(w, http.StatusConflict, map[string]string{"status": "already_running"})
		return nil
	}
	if !slices.Contains([]string{"true", "1", "yes"}, strings.ToLower(r.URL.Query().Get("wait"))) {
		reply.JSON(w, http.StatusAccepted, map[string]string{"status": "started"})
		return nil
	}
	scanner.Wait(r.Context())
	if h.c.Keyed && h.c.Operates(r) {
		h.c.Catalogue.Scanner("").Wait(r.Context())
	}
	st := scanner.Status()
	if st.Progress == nil {
		st.Progress = &assets.Progress{}
	}
	reply.Doc(w, 200, doc.Of("status", "completed", "progress", progressView(st.Progress), "errors", st.Errors))
	return nil
}

func progressView(p *assets.Progress) any {
	if p == nil {
		return nil
	}
	return doc.Of("scanned", p.Scanned, "total", p.Total, "created", p.Created, "skipped", p.Skipped)
}

// scan tells an owner's clients how it goes, and waits while their prompts run.
func (h *Handler) scan(owner tenant.ID, roots ...string) assets.Scan {
	scan := assets.Scan{Disk: h.shelves(), Kinds: roots, MaxHash: max(h.c.HashLimit, 0)}
	if h.c.Remaining != nil {
		scan.Busy = func() bool { return h.c.Remaining(owner) > 0 }
	}
	if h.c.Emit != nil {
		scan.Emit = func(event string, data any) {
			b, _ := json.Marshal(data) // numbers and words always encode
			h.c.Emit(owner, event, b)
		}
	}
	return scan
}

// Scan brings the catalogue up to date in the background: all files of the one user, or where there are keys the model files,
// which are everybody's.
func (h *Handler) Scan() {
	roots := seedRoots
	if h.c.Keyed {
		roots = roots[:1]
	}
	h.c.Catalogue.Scanner("").Start(h.scan("", roots...))
}

// seedStatus is GET /api/assets/seed/status.
func (h *Handler) seedStatus(w http.ResponseWriter, r *http.Request) error {
	st := h.c.Catalogue.Scanner(tenant.Of(r.Context())).Status()
	reply.Doc(w, 200, doc.Of("state", string(st.State), "progress", progressView(st.Progress), "errors", st.Errors))
	return nil
}

// cancelSeed is POST /api/assets/seed/cancel.
func (h *Handler) cancelSeed(w http.ResponseWriter, r *http.Request) error {
	status := "idle"
	if h.c.Catalogue.Scanner(tenant.Of(r.Context())).Cancel() {
		status = "cancelling"
	}
	reply.JSON(w, 200, map[string]string{"status": status})
	return nil
}

// prune is POST /api/assets/prune.
func (h *Handler) prune(w http.ResponseWriter, r *http.Request) error {
	n, err := h.c.Catalogue.Scanner(tenant.Of(r.Context())).Prune(r.Context(), h.shelves())
	switch {
	case errors.Is(err, fault.Conflict):
		reply.Doc(w, http.StatusConflict, doc.Of("status", "scan_running", "marked", 0))
		return nil
	case err != nil:
		return refused(500, "PRUNE_FAILED", "The assets could not be marked.")
	}
	reply.Doc(w, 200, doc.Of("status", "completed", "marked", n))
	return nil
}
