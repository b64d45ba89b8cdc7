//! Either gives one of two texts. Its inputs are lazy: what leads to the other text is never computed.
#![no_std]
use cocoon_guest::*;

node! {
    /// Gives one of two texts; what leads to the other one is not computed.
    pub EITHER: "ExampleEitherRust" ("Either (Rust)", "examples/rust") {
        first: bool = switch(true),
        a: Option<String> = text("").lazy().multiline(),
        b: Option<String> = text("").lazy().multiline(),
    } -> (String) = either, needs: Some(needs)
}

fn needs(inputs: &Value) -> Vec<&'static str> {
    let name = if *inputs.get("first") == Value::Bool(true) { "a" } else { "b" };
    if inputs.find(name).is_some() {
        vec![]
    } else {
        vec![name]
    }
}

fn either(first: bool, a: Option<String>, b: Option<String>) -> Result<Reply> {
    let text = if first { a } else { b }.unwrap_or_default();
    Ok(Reply::new().show(&text).output(text))
}

extension! { nodes: [EITHER], routes: [] }
