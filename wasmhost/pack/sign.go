package pack

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// signContext stands before the manifest in what is signed, so that no signature means something elsewhere.
const signContext = "cocoon package manifest 1\n"

const maxSignatures = 16

// Signature is a key's over a manifest.
type Signature struct {
	Key string // as KeyID names it
	Sig []byte // 64 bytes
}

func sign(k ed25519.PrivateKey, manifest []byte) Signature {
	return Signature{KeyID(k.Public().(ed25519.PublicKey)), ed25519.Sign(k, append([]byte(signContext), manifest...))}
}

// appendSignatures writes the file SIGNATURES: a line a key, sorted: the key, a space, the signature in base64.
func appendSignatures(sigs []Signature) []byte {
	slices.SortFunc(sigs, func(a, b Signature) int { return strings.Compare(a.Key, b.Key) })
	var b bytes.Buffer
	for _, s := range sigs {
		b.WriteString(s.Key + " " + base64.StdEncoding.EncodeToString(s.Sig) + "\n")
	}
	return b.Bytes()
}

// readSignatures reads SIGNATURES and checks each signature. One that does not hold spoils the package.
func readSignatures(b, manifest []byte) ([]Signature, error) {
	if len(b) > maxSignatures*256 {
		return nil, fault.New(fault.TooLarge, "the package has more than %d signatures", maxSignatures)
	}
	var sigs []Signature
	for line := range bytes.Lines(b) {
		id, text, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		key, err := ParseKeyID(id)
		if err != nil {
			return nil, err
		}
		sig, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || !ed25519.Verify(key, append([]byte(signContext), manifest...), sig) {
			return nil, fault.New(fault.BadFile, "the signature of %s is not over this manifest: the package was changed after it was signed", id)
		}
		sigs = append(sigs, Signature{id, sig})
	}
	if len(sigs) == 0 || len(sigs) > maxSignatures || !bytes.Equal(appendSignatures(slices.Clone(sigs)), b) || repeated(sigs) {
		return nil, fault.New(fault.BadFile, "SIGNATURES is not 1 to %d sorted lines, one a key", maxSignatures)
	}
	return sigs, nil
}

func repeated(sorted []Signature) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Key == sorted[i-1].Key {
			return true
		}
	}
	return false
}
