package guest

import (
	"encoding/binary"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Exchange is a request that goes on beside the guest. It is an io.Reader of the answer's body.
type Exchange struct{ Handle abi.Handle }

// Start begins a request. Its body is q.Body, or what from is a handle of: an Asset's or a Body's.
func Start(q HTTPRequest, from ...abi.Handle) (*Exchange, error) {
	m := map[string]any{"method": q.Method, "url": q.URL, "headers": anyMap(q.Headers), "body": q.Body}
	if len(from) > 0 {
		m["body"] = from[0]
	}
	if q.Timeout > 0 {
		m["timeout_ms"] = q.Timeout.Milliseconds()
	}
	b, err := abi.Append(nil, m)
	if err != nil {
		return nil, err
	}
	h := hostHttpStart(at(b))
	return &Exchange{abi.Handle{Kind: abi.KindRequest, ID: uint64(h)}}, check(h)
}

// Head waits until the answer begins and gives it without its body.
func (x *Exchange) Head() (r HTTPResponse, err error) {
	out, err := fetched(func(o, limit uint32) int64 { return hostHttpTake(int64(x.Handle.ID), o, limit) })
	if err != nil {
		return r, err
	}
	v, err := abi.Decode(out, abi.DefaultLimits())
	return answerOf(abi.AsMap(v)), err
}

// Read waits for bytes of the answer's body; at the end it is io.EOF.
func (x *Exchange) Read(p []byte) (int, error) { return readInto(hostHttpRead, x.Handle, p) }

// Close ends the exchange before the call does.
func (x *Exchange) Close() { hostHDrop(int64(x.Handle.ID)) }

func answerOf(m abi.Map) HTTPResponse {
	r := HTTPResponse{Status: int(m.Int("status")), Body: m.Bytes("body"), Headers: map[string]string{}}
	for k := range m.Map("headers") {
		r.Headers[k] = m.Map("headers").Text(k)
	}
	return r
}

// WaitAny waits until the answer of one of the exchanges begins, or will not, and gives its place.
func WaitAny(timeout time.Duration, all ...*Exchange) (int, error) {
	b := make([]byte, 0, 8*len(all))
	for _, x := range all {
		b = binary.LittleEndian.AppendUint64(b, x.Handle.ID)
	}
	p, _ := at(b)
	n := hostWaitAny(p, uint32(len(all)), uint32(timeout.Milliseconds()))
	return int(n), check(n)
}

// Target is whom an event is for.
type Target struct {
	kind uint32
	id   string
}

// Client is the client of an id, "" for the one that asked.
func Client(id string) Target { return Target{0, id} }

// PromptClient is the client that asked for a prompt in which a node of the extension runs, "" for the one that runs now.
func PromptClient(id string) Target { return Target{1, id} }

// Everybody are all clients of the tenant.
func Everybody() Target { return Target{2, ""} }

// Send sends a JSON object as an event of type ext.<id>.<name>.
func (t Target) Send(name, json string) error {
	i, in := atText(t.id)
	k, kn := atText(name)
	p, n := atText(json)
	return check(int64(hostWsPost(t.kind, i, in, k, kn, p, n)))
}

// Show sends the first picture of a batch as a binary preview, no side longer than maxSide pixels; 0 leaves its size.
func (t Target) Show(i Image, maxSide int) error {
	p, n := atText(t.id)
	return check(int64(hostWsImage(t.kind, p, n, int64(i.ID), uint32(maxSide), 0)))
}
