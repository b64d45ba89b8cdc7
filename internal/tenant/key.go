package tenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Key is an API key as it is kept: who has it, what it allows and until when. Its secret is known to its holder only.
type Key struct {
	ID      string // 16 hexadecimal digits; part of the token, and no secret
	Tenant  ID
	Role    Role
	Name    string    // what it is for, in the operator's words
	Created time.Time // to the second
	Expires time.Time // zero for never
	Revoked time.Time // zero while it is good
	Hash    [sha256.Size]byte
}

// Identity is who asks, once a key has shown it.
type Identity struct {
	Tenant ID
	Role   Role
	Key    string // the id of the key
}

// The parts of a token: "cocoon_", the key's id, "_", the secret.
const (
	tokenPrefix = "cocoon_"
	idBytes     = 8
	secretBytes = 32
)

// MintSize is how many random bytes Mint takes.
const MintSize = idBytes + secretBytes

// Mint makes a token, and the id and the hash under which its key is kept, of random bytes. A secret has 256 bits that
// nobody chose, so that a fast hash keeps it: there are no words to try.
func Mint(random [MintSize]byte) (token, id string, hash [sha256.Size]byte) {
	id = hex.EncodeToString(random[:idBytes])
	secret := base64.RawURLEncoding.EncodeToString(random[idBytes:])
	return tokenPrefix + id + "_" + secret, id, sha256.Sum256([]byte(secret))
}

// Split takes a token apart. ok is false for what cannot be one.
func Split(token string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(rest) != 2*idBytes+1+base64.RawURLEncoding.EncodedLen(secretBytes) || rest[2*idBytes] != '_' {
		return "", "", false
	}
	id, secret = rest[:2*idBytes], rest[2*idBytes+1:]
	if strings.Trim(id, "0123456789abcdef") != "" {
		return "", "", false
	}
	return id, secret, true
}

// Admit says who a secret shows the asker to be. The time it takes does not tell how much of the secret was right. Errors:
// fault.Forbidden, in the same words for every reason, so that they help nobody who guesses.
func (k *Key) Admit(secret string, now time.Time) (Identity, error) {
	got := sha256.Sum256([]byte(secret))
	right := subtle.ConstantTimeCompare(got[:], k.Hash[:]) == 1
	if !right || !k.Valid(now) {
		return Identity{}, ErrKey
	}
	return Identity{k.Tenant, k.Role, k.ID}, nil
}

// Valid reports whether the key is good at a time: neither revoked nor expired.
func (k *Key) Valid(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// ErrKey is what every key that is not good is refused with.
var ErrKey error = fault.New(fault.Forbidden, "the key is unknown, expired or revoked")

// maxID bounds a tenant's name.
const maxID = 64

// CheckID says what is wrong with the name of a tenant. Names are lower-case letters, digits and dashes, so that they are
// safe names of folders on every disk and no two of them differ by case alone. Errors: fault.BadRequest.
func CheckID(id ID) error {
	if id == "" || len(id) > maxID {
		return fault.New(fault.BadRequest, "a tenant's name has 1 to %d characters, not %d", maxID, len(id))
	}
	if strings.Trim(string(id), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || id[0] == '-' {
		return fault.New(fault.BadRequest, "%q is no name of a tenant: use lower-case letters, digits and dashes, and no dash in front", id)
	}
	for _, dev := range devices {
		if string(id) == dev {
			return fault.New(fault.BadRequest, "%q is no name of a tenant: some systems take it for a device", id)
		}
	}
	return nil
}

var devices = [...]string{"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}
