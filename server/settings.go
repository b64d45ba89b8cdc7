package server

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/reply"
)

const settingsFile = "/comfy.settings.json"

func indent(out *bytes.Buffer, b []byte) error { return json.Indent(out, b, "", "    ") }

// settings is GET /settings.
func (s *Server) settings(w http.ResponseWriter, r *http.Request, _ params) error {
	user, ok := s.user(r)
	if !ok {
		raise(w, http.StatusUnauthorized)
		return nil
	}
	all, err := s.readObject(user + settingsFile)
	if err != nil {
		return err
	}
	reply.Doc(w, 200, all)
	return nil
}

// setting is GET /settings/{id}.
func (s *Server) setting(w http.ResponseWriter, r *http.Request, p params) error {
	user, ok := s.user(r)
	if !ok {
		raise(w, http.StatusUnauthorized)
		return nil
	}
	all, err := s.readObject(user + settingsFile)
	if err != nil {
		return err
	}
	v, _ := all.Get(p.get("id"))
	reply.Doc(w, 200, v)
	return nil
}

// setSettings is POST /settings.
func (s *Server) setSettings(w http.ResponseWriter, r *http.Request, _ params) error {
	return s.change(w, r, func(all *doc.Object, v any) error {
		o, ok := v.(*doc.Object)
		if !ok {
			return fault.New(fault.BadRequest, "the body is no JSON object")
		}
		for i := range o.Len() {
			all.Set(o.At(i))
		}
		return nil
	})
}

// setSetting is POST /settings/{id}.
func (s *Server) setSetting(w http.ResponseWriter, r *http.Request, p params) error {
	return s.change(w, r, func(all *doc.Object, v any) error {
		all.Set(p.get("id"), v)
		return nil
	})
}

// change rewrites the settings of the request's user.
func (s *Server) change(w http.ResponseWriter, r *http.Request, do func(all *doc.Object, v any) error) error {
	user, ok := s.user(r)
	if !ok {
		raise(w, http.StatusUnauthorized)
		return nil
	}
	v, err := doc.Read(r.Body, doc.DefaultLimits())
	if err != nil {
		return err
	}
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	all, err := s.readObject(user + settingsFile)
	if err != nil {
		return err
	}
	if err := do(all, v); err != nil {
		return err
	}
	if err := s.writeObject(user+settingsFile, all); err != nil {
		return err
	}
	reply.Empty(w, 200)
	return nil
}
