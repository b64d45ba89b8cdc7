package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// seedRoots are the kinds that are scanned. Temporary files are not: they are gone before anybody looks.
var seedRoots = []string{assets.Models, "input", "output"}

// seed is POST /api/assets/seed. Model files are everybody's: where there are keys, only operators have them scanned.
func (s *Server) seed(w http.ResponseWriter, r *http.Request) error {
	roots := seedRoots
	if v, err := jsonOf(r); err == nil {
		if list, ok := within(v, "roots").([]any); ok {
			roots = nil
			for _, k := range list {
				if t, ok := k.(string); ok && slices.Contains(seedRoots, t) && !slices.Contains(roots, t) {
					roots = append(roots, t)
				}
			}
		}
	}
	_, keyed := identityOf(r.Context())
	if len(roots) == 0 {
		return badAsset(400, "INVALID_BODY", "No valid roots specified")
	}
	owner := tenant.Of(r.Context())
	if keyed && slices.Contains(roots, assets.Models) {
		roots = slices.DeleteFunc(slices.Clone(roots), func(k string) bool { return k == assets.Models })
		if operates(r) {
			s.c.Assets.Scanner("").Start(s.scan("", assets.Models))
		} else if len(roots) == 0 {
			return badAsset(403, "FORBIDDEN", "Model files are the operator's to scan.")
		}
	}
	scanner := s.c.Assets.Scanner(owner)
	if len(roots) > 0 && !scanner.Start(s.scan(owner, roots...)) {
		writeJSON(w, http.StatusConflict, map[string]string{"status": "already_running"})
		return nil
	}
	if !slices.Contains([]string{"true", "1", "yes"}, strings.ToLower(r.URL.Query().Get("wait"))) {
		writeJSON(w, http.StatusAccepted, map[string]string{"status": "started"})
		return nil
	}
	scanner.Wait(r.Context())
	if keyed && operates(r) {
		s.c.Assets.Scanner("").Wait(r.Context())
	}
	st := scanner.Status()
	if st.Progress == nil {
		st.Progress = &assets.Progress{}
	}
	writeDoc(w, 200, object("status", "completed", "progress", progressView(st.Progress), "errors", st.Errors))
	return nil
}

func progressView(p *assets.Progress) any {
	if p == nil {
		return nil
	}
	return object("scanned", p.Scanned, "total", p.Total, "created", p.Created, "skipped", p.Skipped)
}

// scan tells an owner's clients how it goes, and waits while their prompts run.
func (s *Server) scan(owner tenant.ID, roots ...string) assets.Scan {
	scan := assets.Scan{Disk: s.shelves(), Kinds: roots, MaxHash: max(s.c.HashLimit, 0)}
	if s.c.Engine != nil {
		scan.Busy = func() bool { return s.c.Engine.Remaining(owner) > 0 }
	}
	if s.c.Hub != nil {
		scan.Emit = func(event string, data any) {
			b, _ := json.Marshal(data) // numbers and words always encode
			s.c.Hub.Publish(context.Background(), engine.Event{Tenant: owner, Type: event, Data: b})
		}
	}
	return scan
}

// Scan brings the catalogue of assets up to date in the background: all files of the one user, or where there are keys the
// model files, which are everybody's. Without a catalogue it does nothing.
func (s *Server) Scan() {
	if s.c.Assets == nil {
		return
	}
	roots := seedRoots
	if s.c.Auth != nil {
		roots = roots[:1]
	}
	s.c.Assets.Scanner("").Start(s.scan("", roots...))
}

// seedStatus is GET /api/assets/seed/status.
func (s *Server) seedStatus(w http.ResponseWriter, r *http.Request) error {
	st := s.c.Assets.Scanner(tenant.Of(r.Context())).Status()
	writeDoc(w, 200, object("state", string(st.State), "progress", progressView(st.Progress), "errors", st.Errors))
	return nil
}

// cancelSeed is POST /api/assets/seed/cancel.
func (s *Server) cancelSeed(w http.ResponseWriter, r *http.Request) error {
	status := "idle"
	if s.c.Assets.Scanner(tenant.Of(r.Context())).Cancel() {
		status = "cancelling"
	}
	writeJSON(w, 200, map[string]string{"status": status})
	return nil
}

// pruneAssets is POST /api/assets/prune.
func (s *Server) pruneAssets(w http.ResponseWriter, r *http.Request) error {
	n, err := s.c.Assets.Scanner(tenant.Of(r.Context())).Prune(r.Context(), s.shelves())
	switch {
	case errors.Is(err, fault.Conflict):
		writeDoc(w, http.StatusConflict, object("status", "scan_running", "marked", 0))
		return nil
	case err != nil:
		return badAsset(500, "PRUNE_FAILED", "The assets could not be marked.")
	}
	writeDoc(w, 200, object("status", "completed", "marked", n))
	return nil
}
