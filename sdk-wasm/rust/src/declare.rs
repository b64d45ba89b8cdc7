use crate::widget::Input;
use crate::{Reply, Result, Value};
use alloc::vec::Vec;

/// A node. [`node!`](crate::node) makes one.
pub struct Node {
    /// The class that prompts name.
    pub id: &'static str,
    /// The title.
    pub name: &'static str,
    /// Where the client lists it.
    pub category: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// The inputs.
    pub inputs: &'static [Input],
    /// The outputs.
    pub outputs: &'static [Output],
    /// Of the contract's list: "output_node", "expands", "not_idempotent", …
    pub flags: &'static [&'static str],
    /// Runs the node.
    pub run: fn(&Value) -> Result<Reply>,
    /// Goes on with a node that asked to be called again: inputs, and the state that it left.
    pub resume: Option<fn(&Value, &[u8]) -> Result<Reply>>,
    /// Names the lazy inputs that the node needs besides those it has; without it they are all that are not there.
    pub needs: Option<fn(&Value) -> Vec<&'static str>>,
    /// The inputs that validate looks at in place of the server; none for all.
    pub checks: &'static [&'static str],
    /// Looks at constants before a prompt is queued; the error is why they will not do.
    pub validate: Option<fn(&Value) -> Result<()>>,
    /// Says what the result depends on besides the inputs.
    pub fingerprint: Option<fn(&Value) -> Result<Value>>,
    /// Adds to the description what few nodes have: aliases, loop, essentials, …
    pub more: Option<fn(Value) -> Value>,
}

impl Node {
    /// A node without anything.
    pub const EMPTY: Node = Node {
        id: "",
        name: "",
        category: "",
        help: "",
        inputs: &[],
        outputs: &[],
        flags: &[],
        run: |_| Ok(Reply::new()),
        resume: None,
        needs: None,
        checks: &[],
        validate: None,
        fingerprint: None,
        more: None,
    };

    /// The lazy inputs that are not there yet: what a node without needs asks for.
    pub(crate) fn missing(&self, inputs: &Value) -> Vec<&'static str> {
        self.inputs.iter().filter(|i| i.lazy() && *inputs.get(i.name()) == Value::Null).map(|i| i.name()).collect()
    }

    pub(crate) fn describe(&self) -> Value {
        let mut flags: Vec<Value> = self.flags.iter().map(|f| Value::from(*f)).collect();
        if self.validate.is_some() {
            flags.push("validates".into());
        }
        if self.fingerprint.is_some() {
            flags.push("fingerprints".into());
        }
        let v = Value::map()
            .with("id", self.id)
            .with("name", self.name)
            .with("category", self.category)
            .with("help", self.help.trim())
            .with("inputs", self.inputs.iter().filter(|i| !i.hidden()).map(Input::describe).collect::<Vec<_>>())
            .with("hidden", self.inputs.iter().filter(|i| i.hidden()).map(Input::describe_hidden).collect::<Vec<_>>())
            .with("outputs", self.outputs.iter().map(Output::describe).collect::<Vec<_>>())
            .with("flags", flags)
            .with_if(!self.checks.is_empty(), "checks", || self.checks.iter().map(|c| Value::from(*c)).collect::<Vec<_>>());
        self.more.map_or(v.clone(), |f| f(v))
    }
}

/// An output of a node.
pub struct Output {
    name: &'static str,
    of: &'static str,
    list: bool,
    help: &'static str,
    template: &'static str,
}

impl Output {
    /// An output of a type; "" for the name shows the type. The value of a list is spread over the consumer's calls.
    pub const fn new(name: &'static str, of: &'static str, list: bool) -> Output {
        Output { name, of, list, help: "", template: "" }
    }

    /// What the client shows as a hint.
    pub const fn help(mut self, text: &'static str) -> Output {
        self.help = text;
        self
    }

    /// The type is the one that inputs of the template are linked to; see [`matching`]. "" for none.
    pub const fn matching(mut self, template: &'static str) -> Output {
        self.template = template;
        self
    }

    fn describe(&self) -> Value {
        Value::map()
            .with("type", self.of)
            .with("name", if self.name.is_empty() { self.of } else { self.name })
            .with_if(self.list, "list", || true)
            .with_if(!self.help.is_empty(), "help", || self.help)
            .with_if(!self.template.is_empty(), "match", || self.template)
    }
}

/// Declares a node: its title, category and inputs, what it gives, and the function that does it.
///
/// ```ignore
/// node! {
///     /// What it does.
///     pub NAME: "Class" ("Title", "category") {
///         image: Image,
///         amount: f64 = number(0.5).range(0.0, 1.0),
///         other: Option<String> = lazy(),
///     } -> (Image as "image": "What it has become.") = function, flags: &["output_node"], needs: Some(wanted)
/// }
/// ```
/// Behind `as` stand an output's name and its hint, both optional. The function gets the inputs in this order and gives a [`Result`](crate::Result) of an output, a tuple of outputs or a
/// [`Reply`]. Further fields of [`Node`] follow.
#[macro_export]
macro_rules! node {
    (
        $(#[doc = $help:literal])*
        $vis:vis $name:ident : $id:literal ($title:literal, $category:literal) {
            $($field:ident : $ty:ty $(= $widget:expr)?),* $(,)?
        } -> ($($out:ty $(as $label:literal $(: $hint:literal)?)?),* $(,)?) = $run:path $(, $clause:ident : $value:expr)* $(,)?
    ) => {
        $vis static $name: $crate::Node = $crate::Node {
            id: $id,
            name: $title,
            category: $category,
            help: concat!($($help),*),
            inputs: &[$($crate::Input::new(stringify!($field), <$ty as $crate::Port>::TYPE, $crate::node!(@widget $($widget)?))),*],
            outputs: &[$($crate::Output::new(concat!($($label)?), <$out as $crate::Port>::TYPE, <$out as $crate::Port>::LIST)
                .help(concat!($($($hint)?)?)).matching(<$out as $crate::Port>::TEMPLATE)),*],
            run: |inputs: &$crate::Value| -> $crate::Result<$crate::Reply> {
                let _ = inputs;
                Ok($crate::IntoReply::into_reply($run($(<$ty as $crate::Port>::input(stringify!($field), inputs)?),*)?))
            },
            $($clause: $value,)*
            ..$crate::Node::EMPTY
        };
    };
    (@widget) => { $crate::link() };
    (@widget $widget:expr) => { $widget };
}

/// Declares a type of links of your own, over one of this crate's: `link_type! { /// Colours. pub Palette(Value) = "ACME_PALETTE" }`,
/// `link_type! { pub Model(Opaque) = "MODEL" }`. Behind a further comma may stand the template that an output's type matches; see
/// [`matching`].
#[macro_export]
macro_rules! link_type {
    ($(#[$doc:meta])* $vis:vis $name:ident($of:ty) = $type:literal $(, $template:literal)? $(,)?) => {
        $(#[$doc])*
        $vis struct $name(pub $of);

        impl $crate::Port for $name {
            const TYPE: &'static str = $type;
            const TEMPLATE: &'static str = concat!($($template)?);

            fn from_value(v: &$crate::Value) -> Option<Self> {
                <$of as $crate::Port>::from_value(v).map($name)
            }

            fn to_value(self) -> $crate::Value {
                self.0.to_value()
            }
        }
    };
}
