package server

import (
	"context"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// greetings tell who was welcomed in this server's life.
type greetings struct {
	mu  sync.Mutex // guards all
	all map[string]*sync.Once
}

func (g *greetings) of(user string) *sync.Once {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil || len(g.all) >= maxUsers {
		g.all = map[string]*sync.Once{}
	}
	if g.all[user] == nil {
		g.all[user] = &sync.Once{}
	}
	return g.all[user]
}

// welcome puts Config.Welcome into the folder of a user who comes for the first time; others who come as that user wait for it.
// What is there is left alone, and a folder that is there gets nothing, so that what was deleted stays away. Without room for
// it there is none.
func (s *Server) welcome(ctx context.Context, user string) {
	if s.c.Welcome != nil {
		s.greetings.of(user).Do(func() { s.greet(ctx, user) })
	}
}

func (s *Server) greet(ctx context.Context, user string) {
	s.giveExample(ctx)
	there := map[string]bool{} // folders of the user's, before anything was written
	for name := range s.c.Welcome {
		dir := path.Dir(name)
		_, err := s.c.Files.Stat("user", path.Join(user, dir))
		there[dir] = err == nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.c.Welcome)) {
		if dir := path.Dir(name); dir != "." && there[dir] {
			continue
		}
		to := path.Join(user, name)
		var err error
		if strings.HasSuffix(name, "/") {
			err = s.c.Files.MkdirAll("user", to)
		} else {
			err = s.c.Files.Put("user", to, false, func(w io.Writer) error {
				_, err := w.Write(s.c.Welcome[name])
				return err
			})
		}
		if err != nil && fault.CodeOf(err) != fault.Conflict {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("a new user's files could not be written")
			return
		}
	}
}

// giveExample puts a picture into an input folder that has none. Compat: the reference comes with one of that name, which many
// workflows load.
func (s *Server) giveExample(ctx context.Context) {
	if all, err := s.c.Files.Files("input"); s.c.Example == nil || err != nil || len(all) > 0 {
		return
	}
	err := s.c.Files.Put("input", "example.png", false, func(w io.Writer) error {
		_, err := w.Write(s.c.Example)
		return err
	})
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("the example picture could not be written")
	}
}
