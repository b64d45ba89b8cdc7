//! What takes the kit's messages of clients.

use crate::nodes::unhex;
use cocoon_guest::*;

/// Does the steps that its data has in hexadecimal, with the request's parts as named values, and tells the client what they gave.
pub fn steps_of(m: &Incoming) -> Result<()> {
    let b = crate::steps(&decode(&unhex(m.data().get("s").text()))?, m.value())?.encode();
    let hex: String = b.iter().map(|x| format!("{x:02x}")).collect();
    Target::Client(m.client()).send("news", &format!("{{\"got\":\"{hex}\"}}"))
}

/// Hands a message to a node that waits in the client's prompt.
pub fn go(m: &Incoming) -> Result<()> {
    host::msg_post(m.prompt(), m.data().get("node").text(), "go", m.data().get("text").text().as_bytes()).map(drop)
}

/// Fails.
pub fn fail(m: &Incoming) -> Result<()> {
    Err(Error::with(bind::ECONFLICT, if m.tenant().is_empty() { "nobody" } else { "moved on" }))
}

/// Fails with a name for the kind.
pub fn raise(_: &Incoming) -> Result<()> {
    Err(Error::raise("ValueError", "bad value"))
}
