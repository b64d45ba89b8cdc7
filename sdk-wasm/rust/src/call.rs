use crate::bind::{self, host as raw};
use crate::host::{at, fetch};
use crate::{decode, Error, Port, Result, Value};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

struct Current(RefCell<Value>);

// A module has one thread.
unsafe impl Sync for Current {}

static CURRENT: Current = Current(RefCell::new(Value::Null));

pub(crate) fn set_current(request: &Value) {
    let v = Value::map().with("node", request.get("node").clone()).with("prompt", request.get("prompt").clone()).with("linked", request.get("linked").clone());
    *CURRENT.0.borrow_mut() = v;
}

/// The id of the node that runs.
pub fn node_id() -> String {
    CURRENT.0.borrow().get("node").text().into()
}

/// The id of the prompt that runs.
pub fn prompt_id() -> String {
    CURRENT.0.borrow().get("prompt").text().into()
}

/// The type that a linked input has, in validate of a node with the flag validates_links.
pub fn linked(name: &str) -> String {
    CURRENT.0.borrow().get("linked").get(name).text().into()
}

/// Waits for an input of the running node that a link leads to, such as a lazy one that `needs` did not name, while the server computes
/// it. The node needs the flag async, else it is EUNSUP; ENOENT says that nothing is linked there. A manifest of an extension that
/// calls it asks for cocoon1>=1.1.
pub fn pull<T: Port>(name: &str) -> Result<T> {
    let b = fetch(4096, |out, cap| unsafe { raw::input(at(name.as_ptr()), name.len() as u32, out, cap) })?;
    T::from_value(&decode(&b)?).ok_or_else(|| Error::from(alloc::format!("the input {name} is no {}", T::TYPE)))
}

/// What a node gives, where it is more than outputs.
#[derive(Default)]
pub struct Reply {
    outputs: Vec<Value>,
    ui: Option<Value>,
    nodes: Vec<Value>,
    block: Option<Value>,
    later: Option<Later>,
    rows: Option<(Vec<Value>, bool)>,
}

/// A wish to be called again; see [`Reply::later`].
pub struct Later {
    ms: i64,
    state: Vec<u8>,
}

impl Reply {
    /// A reply without anything.
    pub fn new() -> Reply {
        Reply::default()
    }

    /// Adds the next output.
    pub fn output(mut self, v: impl Port) -> Reply {
        self.outputs.push(v.to_value());
        self
    }

    /// Adds an output that is an output of a node of the expansion.
    pub fn output_link(mut self, node: &str, output: u32) -> Reply {
        self.outputs.push(Value::link(node, output));
        self
    }

    /// Adds an output whose consumers do not run; a text, if there is one, tells the user why.
    pub fn output_blocked(mut self, text: Option<&str>) -> Reply {
        self.outputs.push(Value::Tag(bind::TAG_BLOCKER, Box::new(text.map_or(Value::Null, Value::from))));
        self
    }

    /// Shows items of a kind on the node: "text", "images", …
    pub fn ui(mut self, kind: &str, items: Vec<Value>) -> Reply {
        self.ui = Some(self.ui.unwrap_or_else(Value::map).with(kind, items));
        self
    }

    /// Shows a text on the node.
    pub fn show(self, text: &str) -> Reply {
        self.ui("text", alloc::vec![text.into()])
    }

    /// Puts nodes in the place of this one.
    pub fn expand(mut self, e: Expansion) -> Reply {
        self.nodes = e.nodes;
        self
    }

    /// No output: consumers of all of them do not run.
    pub fn block(text: &str) -> Reply {
        Reply { block: Some(text.into()), ..Reply::default() }
    }

    /// No output yet: [`Node::resume`](crate::Node::resume) is called in ms milliseconds with the state.
    pub fn later(ms: i64, state: Vec<u8>) -> Reply {
        Reply { later: Some(Later { ms, state }), ..Reply::default() }
    }

    /// Of the node that begins a loop: for each iteration its outputs but the last, which carries a value from one to the next. keep
    /// lets the cache keep what the loop's body gave.
    pub fn iterations(rows: Vec<Vec<Value>>, keep: bool) -> Reply {
        Reply { rows: Some((rows.into_iter().map(Value::List).collect(), keep)), ..Reply::default() }
    }

    pub(crate) fn value(self) -> Value {
        if let Some((rows, keep)) = self.rows {
            return Value::map().with("loop", Value::map().with("outputs", rows).with("keep", keep));
        }
        if let Some(l) = self.later {
            return Value::map().with("retry_after_ms", l.ms).with("state", l.state);
        }
        let mut v = Value::map().with("outputs", self.outputs);
        if let Some(ui) = self.ui {
            v = v.with("ui", ui);
        }
        if !self.nodes.is_empty() {
            v = v.with("expand", Value::map().with("nodes", self.nodes));
        }
        if let Some(b) = self.block {
            v = v.with("block", b);
        }
        v
    }
}

/// Nodes that take the place of one; links between them name them by ids of your own.
#[derive(Default)]
pub struct Expansion {
    nodes: Vec<Value>,
}

impl Expansion {
    /// No nodes.
    pub fn new() -> Expansion {
        Expansion::default()
    }

    /// The node that events of the node that was added last name, in the place of the one that expands.
    pub fn display(mut self, node: &str) -> Expansion {
        if let Some(n) = self.nodes.pop() {
            self.nodes.push(n.with("display", node));
        }
        self
    }

    /// Adds a node with its inputs in order; see [`Value::link`].
    pub fn add(mut self, id: &str, class: &str, inputs: Vec<(&str, Value)>) -> Expansion {
        let pairs: Vec<Value> = inputs.into_iter().map(|(name, v)| Value::List(alloc::vec![name.into(), v])).collect();
        self.nodes.push(Value::map().with("id", id).with("class", class).with("inputs", pairs));
        self
    }
}
