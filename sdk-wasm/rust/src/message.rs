use crate::{Result, Value};

/// Takes what clients send over their WebSocket as `{"type": "ext.<id>.<kind>", "data": {…}}`; the capability ws receives the kind.
/// Messages of one client come one after the other. There is no answer: [`Target`](crate::Target) tells clients something. An error
/// reaches the client as the event `ext.<id>.error`.
pub struct Message {
    /// What stands behind `ext.<id>.`.
    pub kind: &'static str,
    /// Takes a message.
    pub run: fn(&Incoming) -> Result<()>,
}

impl Message {
    /// What takes messages of a kind.
    pub const fn new(kind: &'static str, run: fn(&Incoming) -> Result<()>) -> Message {
        Message { kind, run }
    }
}

/// A message of a client's.
pub struct Incoming(pub(crate) Value);

impl Incoming {
    /// The whole request, as docs/abi.md describes it.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// What the client sent: a map.
    pub fn data(&self) -> &Value {
        self.0.get("data")
    }

    /// The client's id.
    pub fn client(&self) -> &str {
        self.0.get("client").text()
    }

    /// Whose the client is.
    pub fn tenant(&self) -> &str {
        self.0.get("tenant").text()
    }

    /// The prompt of this client in which a node of the extension runs; "" for none.
    pub fn prompt(&self) -> &str {
        self.0.get("prompt").text()
    }
}
