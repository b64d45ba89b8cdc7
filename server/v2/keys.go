package v2

import (
	"net/http"
	"sync"

	"github.com/google/uuid"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// maxKeys bounds the idempotency keys of uploads that are remembered.
const maxKeys = 10_000

// keys remembers which idempotency keys of uploads were used. Those of jobs need no memory: they make the job's id.
type keys struct {
	mu   sync.Mutex // guards the rest
	used map[string]bool
	ring []string
	next int
}

// take uses a key up; false when it was used before.
func (k *keys) take(t tenant.ID, key string) bool {
	if key == "" {
		return true
	}
	key = string(t) + "\x00" + key
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used[key] {
		return false
	}
	if k.used == nil {
		k.used = map[string]bool{}
	}
	if len(k.ring) < maxKeys {
		k.ring = append(k.ring, key)
	} else {
		delete(k.used, k.ring[k.next])
		k.ring[k.next] = key
		k.next = (k.next + 1) % maxKeys
	}
	k.used[key] = true
	return true
}

// maxKey bounds the bytes of a key.
const maxKey = 255

func keyOf(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey {
		return "", problem(http.StatusUnprocessableEntity, "bad_request", "the Idempotency-Key is too long")
	}
	return key, nil
}

// jobID makes a job's id of an idempotency key, so that the same key finds the same job also after a restart; "" lets the engine
// make one.
func jobID(t tenant.ID, key string) string {
	if key == "" {
		return ""
	}
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("cocoon:v2:jobs"))
	return uuid.NewSHA1(space, []byte(string(t)+"\x00"+key)).String()
}

func reused() error {
	return problem(http.StatusUnprocessableEntity, "idempotency_key_reuse", "this Idempotency-Key was used before; look the job up, or take a new key")
}
