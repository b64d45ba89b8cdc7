package trial

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// The files of a package's vectors: JSON, or the same as CBOR.
const (
	VectorsJSON = "tests/vectors.json"
	VectorsCBOR = "tests/vectors.cbor"
)

const (
	maxVectors     = 256
	maxVectorBytes = 4 << 20
)

// Vector is one call of an extension and what must come of it. It is of a node, or a request to a route.
type Vector struct {
	Name    string                     `json:"name"`
	Node    string                     `json:"node,omitempty"`    // its class
	Inputs  map[string]json.RawMessage `json:"inputs,omitempty"`  // see readValue
	Outputs []json.RawMessage          `json:"outputs,omitempty"` // see holdsValue; none: any
	Need    []string                   `json:"need,omitempty"`    // the lazy inputs that it must ask for, instead of being run
	Error   string                     `json:"error,omitempty"`   // a part of the message that it must fail with
	// Messages wait for the node when it is run, as a route or a client would have left them.
	Messages []Message `json:"messages,omitempty"`
	Request  *Request  `json:"request,omitempty"`
	Answer   *Answer   `json:"answer,omitempty"` // none: any
}

// Message is one that waits for a node.
type Message struct {
	Topic string `json:"topic"`
	Text  string `json:"text"`
}

// Request is a request to a route of the extension.
type Request struct {
	Method  string            `json:"method,omitempty"` // GET when there is none
	Path    string            `json:"path"`             // below /ext/<id>
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Answer is what must come of a request.
type Answer struct {
	Status int    `json:"status,omitempty"` // 0: any
	Type   string `json:"type,omitempty"`   // how Content-Type starts
	Body   string `json:"body,omitempty"`   // a part of it
}

// file is vectors.json.
type file struct {
	Vectors []Vector `json:"vectors"`
}

// ParseVectors reads vectors.json.
func ParseVectors(b []byte) ([]Vector, error) {
	if len(b) > maxVectorBytes {
		return nil, fault.New(fault.TooLarge, "the test vectors have %d bytes, more than %d", len(b), maxVectorBytes)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f file
	if err := d.Decode(&f); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "the test vectors are not as they should be")
	}
	if len(f.Vectors) > maxVectors {
		return nil, fault.New(fault.TooLarge, "there are %d test vectors, more than %d", len(f.Vectors), maxVectors)
	}
	for i, v := range f.Vectors {
		if v.Name == "" || (v.Node == "") == (v.Request == nil) {
			return nil, fault.New(fault.BadFile, "test vector %d has no name, or not exactly one of node and request", i+1)
		}
		if len(v.Messages) > 0 && v.Node == "" {
			return nil, fault.New(fault.BadFile, "test vector %q has messages, which are for a node", v.Name)
		}
	}
	return f.Vectors, nil
}

// FormatVectors is the reverse of ParseVectors.
func FormatVectors(v []Vector) ([]byte, error) {
	b, err := json.MarshalIndent(file{v}, "", "  ")
	return append(b, '\n'), err
}

// Vectors are those of a package; none when it has none.
func Vectors(p *pack.Package) ([]Vector, error) {
	b, err := p.File(VectorsJSON)
	if err == nil {
		return ParseVectors(b)
	}
	if !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	b, err = p.File(VectorsCBOR)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseCBOR(b)
}

func parseCBOR(b []byte) ([]Vector, error) {
	v, err := abi.Decode(b, abi.Limits{Bytes: maxVectorBytes, Items: abi.MaxCborItems, Depth: abi.MaxCborDepth})
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "the test vectors are no CBOR")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "the test vectors have no form as JSON")
	}
	return ParseVectors(text)
}
