package engine

import (
	"context"
	"encoding/json"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Bus carries events to whoever listens: an in-process hub or a message broker. Publish keeps the order of its caller,
// takes microseconds and never waits for a listener.
type Bus interface {
	Publish(ctx context.Context, e Event)
}

// Event is something that happened. Exactly one of Data, Frame and Preview is set.
type Event struct {
	Tenant   tenant.ID
	ClientID string // whose sockets get it; "" for all of the tenant
	PromptID string // "" when it belongs to no prompt
	// Type and Data make a JSON message: {"type": Type, "data": Data}.
	Type string
	Data json.RawMessage
	// Frame is a binary message without its leading type.
	Frame *Frame
	// Preview is a picture of unfinished work, yet to be encoded.
	Preview *PreviewEvent
}

// Frame is a binary message.
type Frame struct {
	Type uint32 // 1 picture, 3 text, 4 picture with metadata
	Data []byte
}

// The types of frames.
const (
	FramePicture     uint32 = 1
	FrameText        uint32 = 3
	FramePictureMeta uint32 = 4
)

// PreviewEvent is one preview. The engine sends it twice, with Form 4 and 1: a socket that supports previews with metadata
// takes the first alone, any other the second alone. Both share Picture, so an encoder may keep its work by that pointer.
type PreviewEvent struct {
	Form    uint32 // FramePictureMeta or FramePicture
	Picture *node.Preview
	Meta    PreviewMeta
}

// PreviewMeta says which node a preview belongs to. image_type is the encoder's to add: "image/jpeg" or "image/png".
type PreviewMeta struct {
	NodeID        string  `json:"node_id"`
	PromptID      string  `json:"prompt_id"`
	DisplayNodeID string  `json:"display_node_id"`
	ParentNodeID  *string `json:"parent_node_id"`
	RealNodeID    string  `json:"real_node_id"`
	ImageType     string  `json:"image_type"`
}
