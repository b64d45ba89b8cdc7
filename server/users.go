package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/server/reply"
)

// onlyUser is whose settings and files there are without --multi-user.
const onlyUser = "default"

// maxUserFile bounds, in bytes, the lists and settings that the server keeps for users.
const maxUserFile = 16 << 20

// maxUsers bounds how many users POST /users makes.
const maxUsers = 10_000

// people guards what is read, changed and written back.
type people struct {
	mu sync.Mutex // held while a file of users or settings is rewritten
}

// user says whose settings and files a request is about; ok is false for a user that is not known. Compat: the header
// separates users and protects nothing, as anybody may send it.
func (s *Server) user(r *http.Request) (id string, ok bool) {
	if !s.c.MultiUser {
		s.welcome(r.Context(), onlyUser)
		return onlyUser, true
	}
	id = r.Header.Get("comfy-user")
	if id == "" {
		id = onlyUser
	}
	if strings.HasPrefix(id, "__") {
		return "", false
	}
	all, err := s.readObject("users.json")
	if err != nil || !all.Has(id) {
		return id, false
	}
	s.welcome(r.Context(), id)
	return id, true
}

// users is GET /users.
func (s *Server) users(w http.ResponseWriter, r *http.Request, _ params) error {
	answer := doc.Of("storage", "server")
	if s.c.MultiUser {
		all, err := s.readObject("users.json")
		if err != nil {
			return err
		}
		answer.Set("users", all)
	} else {
		s.welcome(r.Context(), onlyUser)
		_, err := s.c.Files.Stat("user", onlyUser)
		answer.Set("migrated", err == nil)
	}
	reply.Doc(w, 200, answer)
	return nil
}

// unfit is what user ids do not consist of.
var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// addUser is POST /users.
func (s *Server) addUser(w http.ResponseWriter, r *http.Request, _ params) error {
	v, err := doc.Read(r.Body, doc.DefaultLimits())
	if err != nil {
		return err
	}
	name, ok := doc.Within(v, "username").(string)
	if !ok {
		return fault.New(fault.BadRequest, "username is missing or no text")
	}
	name = strings.TrimSpace(name)
	stem := unfit.ReplaceAllString(name, "-")
	switch {
	case name == "":
		return badQuery("username not provided")
	case strings.HasPrefix(name, "__") || strings.HasPrefix(stem, "__"):
		return badQuery("System User prefix not allowed")
	case len(name) > 200:
		return badQuery("username is too long")
	}
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	all, err := s.readObject("users.json")
	if err != nil {
		return err
	}
	for _, k := range all.Keys() {
		if v, _ := all.Get(k); v == name {
			return badQuery("Duplicate username.")
		}
	}
	if all.Len() >= maxUsers {
		return fault.New(fault.DiskFull, "there are %d users already; no more are made", maxUsers)
	}
	id := stem + "_" + uuid.NewString()
	all.Set(id, name)
	if err := s.writeObject("users.json", all); err != nil {
		return err
	}
	reply.Doc(w, 200, id)
	return nil
}

// readObject reads a JSON object of the user folder. One that is missing or broken reads as an empty one.
func (s *Server) readObject(name string) (*doc.Object, error) {
	f, err := s.c.Files.Open("user", name)
	if errors.Is(err, fault.NotFound) {
		return &doc.Object{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxUserFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxUserFile {
		return nil, fault.New(fault.TooLarge, "%s has more than %d bytes", name, maxUserFile)
	}
	return doc.Stored(b), nil
}

// writeObject writes a JSON object of the user folder. Compat: four spaces a level.
func (s *Server) writeObject(name string, o *doc.Object) error {
	b := doc.Encode(o)
	if len(b) > maxUserFile {
		return fault.New(fault.TooLarge, "%s would have more than %d bytes", name, maxUserFile)
	}
	return s.c.Files.Put("user", name, true, func(w io.Writer) error {
		_, err := w.Write(indented(b))
		return err
	})
}

// indented spreads compact JSON over lines.
func indented(b []byte) []byte {
	var out bytes.Buffer
	if err := indent(&out, b); err != nil {
		return b
	}
	return out.Bytes()
}
