package pack

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"runtime"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// keyPrefix starts the name of a key; its public bytes follow in base64.
const keyPrefix = "ed25519:"

// KeyID names a public key: "ed25519:" and its 32 bytes in base64.
func KeyID(k ed25519.PublicKey) string { return keyPrefix + base64.StdEncoding.EncodeToString(k) }

// ParseKeyID is the reverse of KeyID.
func ParseKeyID(id string) (ed25519.PublicKey, error) {
	text, ok := strings.CutPrefix(id, keyPrefix)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(b) != ed25519.PublicKeySize || KeyID(b) != id {
		return nil, fault.New(fault.BadFile, "%.80q is no key of the form ed25519: and 44 letters", id)
	}
	return b, nil
}

// NewKey makes a private key.
func NewKey() (ed25519.PrivateKey, error) {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return k, err
}

// EncodeKey writes a private key as PEM (PKCS #8), as OpenSSL does.
func EncodeKey(k ed25519.PrivateKey) ([]byte, error) {
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b}), nil
}

// ParseKey reads a private key: PEM (PKCS #8), or one line of base64 with its 32 bytes of seed.
func ParseKey(b []byte) (ed25519.PrivateKey, error) {
	if block, _ := pem.Decode(b); block != nil {
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fault.Wrap(err, fault.BadFile, "the key file has no private key (PKCS #8)")
		}
		if k, ok := k.(ed25519.PrivateKey); ok {
			return k, nil
		}
		return nil, fault.New(fault.BadFile, "the key file has a key of another kind than ed25519; cocoon ext keygen makes one")
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fault.New(fault.BadFile, "the key file is neither PEM nor a line of base64 with 32 bytes; cocoon ext keygen makes one")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// ReadKey reads a private key from a file that nobody else may read.
func ReadKey(file string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Forbidden, "%s may be read by others: chmod 600 %s", file, file)
	}
	if info.Size() > 64<<10 {
		return nil, fault.New(fault.TooLarge, "%s is too large for a key", file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ParseKey(b)
}
