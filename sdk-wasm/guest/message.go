package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// Message takes what clients send over their WebSocket as {"type": "ext.<id>.<Kind>", "data": {…}}; the capability ws receives the
// kind. Messages of one client come one after the other. There is no answer: Send and the functions of a Target tell clients
// something. An error of Do reaches the client as the event ext.<id>.error.
type Message struct {
	Kind string
	Do   func(m *Incoming) error
}

// Incoming is a message of a client's.
type Incoming struct {
	Kind   string
	Client string  // its id, for a Target
	Tenant string  // whose the client is
	Prompt string  // of this client, in which a node of the extension runs; "" for none
	Data   abi.Map // what the client sent: nil, bool, int64, uint64, float64, string, []any and map[string]any
}

func serveMessage(m abi.Map) (any, error) {
	for _, x := range extension.Messages {
		if x.Kind == m.Text("type") {
			return nil, x.Do(&Incoming{m.Text("type"), m.Text("client"), m.Text("tenant"), m.Text("prompt"), m.Map("data")})
		}
	}
	return nil, Error(abi.ENOENT)
}
