package server

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

func TestRoomsAreBounded(t *testing.T) {
	_, files := filesOnly(t)
	s := New(Config{Files: files, Web: http.NotFoundHandler(), Auth: &Auth{
		Files: func(id tenant.ID) (Files, error) { return files, nil },
	}})
	g := s.gate().(*gate)
	stays, err := g.enterRoom("stays")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * maxRooms {
		m, err := g.enterRoom(tenant.ID(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		g.leaveRoom(m)
	}
	if len(g.rooms) != maxRooms || g.rooms["stays"] != stays {
		t.Errorf("%d rooms are kept, want %d and the one with a visit among them", len(g.rooms), maxRooms)
	}
	if g.rooms["0"] != nil || g.rooms[tenant.ID(fmt.Sprint(2*maxRooms-1))] == nil {
		t.Error("the room that was left longest ago is kept, or the last one is not")
	}
}
