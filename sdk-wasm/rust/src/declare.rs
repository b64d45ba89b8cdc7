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
    /// Names the lazy inputs that the node needs besides those it has.
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
            .with("inputs", self.inputs.iter().filter(|i| i.widget.hidden.is_empty()).map(Input::describe).collect::<Vec<_>>())
            .with("hidden", self.inputs.iter().filter(|i| !i.widget.hidden.is_empty()).map(Input::describe_hidden).collect::<Vec<_>>())
            .with("outputs", self.outputs.iter().map(Output::describe).collect::<Vec<_>>())
            .with("flags", flags)
            .with_if(!self.checks.is_empty(), "checks", || self.checks.iter().map(|c| Value::from(*c)).collect::<Vec<_>>());
        self.more.map_or(v.clone(), |f| f(v))
    }
}

/// An input of a node.
pub struct Input {
    name: &'static str,
    of: &'static str,
    widget: Widget,
}

impl Input {
    /// An input of a type, with a widget.
    pub const fn new(name: &'static str, of: &'static str, widget: Widget) -> Input {
        Input { name, of, widget }
    }

    fn describe_hidden(&self) -> Value {
        Value::map().with("name", self.name).with("kind", self.widget.hidden)
    }

    fn describe(&self) -> Value {
        let w = &self.widget;
        let mut v = Value::map().with("name", self.name).with("type", if w.of.is_empty() { self.of } else { w.of });
        let options = w.options();
        if options != Value::map() {
            v = v.with("options", options);
        }
        if w.optional {
            v = v.with("optional", true);
        }
        if let Some(forms) = w.forms.describe() {
            v = v.with("forms", forms);
        }
        if !w.choices.is_empty() {
            v = v.with("choices", w.choices.iter().map(|c| Value::from(*c)).collect::<Vec<_>>()).with("classic", true);
        }
        v
    }
}

/// An output of a node.
pub struct Output {
    name: &'static str,
    of: &'static str,
    list: bool,
}

impl Output {
    /// An output of a type; "" for the name shows the type. The value of a list is spread over the consumer's calls.
    pub const fn new(name: &'static str, of: &'static str, list: bool) -> Output {
        Output { name, of, list }
    }

    fn describe(&self) -> Value {
        let v = Value::map().with("type", self.of).with("name", if self.name.is_empty() { self.of } else { self.name });
        if self.list {
            v.with("list", true)
        } else {
            v
        }
    }
}

#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    fn value(&self) -> Value {
        match self {
            Number::Int(n) => Value::Int(*n),
            Number::Float(f) => Value::Float(*f),
        }
    }
}

#[derive(Clone, Copy)]
enum Default {
    None,
    Number(Number),
    Bool(bool),
    Text(&'static str),
}

/// How the client shows an input, and what it allows.
#[derive(Clone, Copy)]
pub struct Widget {
    of: &'static str,
    default: Default,
    range: Option<(Number, Number)>,
    step: Option<Number>,
    help: &'static str,
    choices: &'static [&'static str],
    lazy: bool,
    optional: bool,
    multiline: bool,
    force_input: bool,
    control: bool,
    hidden: &'static str,
    forms: Forms,
}

/// One choice of a dynamic combo and the inputs that it brings.
pub struct Case {
    /// The choice.
    pub key: &'static str,
    /// What it brings.
    pub inputs: &'static [Input],
}

#[derive(Clone, Copy)]
enum Forms {
    None,
    Grow { prefix: &'static str, min: i64, max: i64, each: &'static [Input] },
    Cases(&'static [Case]),
}

fn described(inputs: &[Input]) -> Vec<Value> {
    inputs.iter().map(Input::describe).collect()
}

impl Forms {
    fn describe(&self) -> Option<Value> {
        match self {
            Forms::None => None,
            Forms::Grow { prefix, min, max, each } => {
                Some(Value::map().with("prefix", *prefix).with("min", *min).with("max", *max).with("template", described(each)))
            }
            Forms::Cases(all) => {
                let list: Vec<Value> = all.iter().map(|c| Value::map().with("key", c.key).with("inputs", described(c.inputs))).collect();
                Some(Value::map().with("cases", list))
            }
        }
    }
}

/// An input that other nodes fill.
pub const fn link() -> Widget {
    Widget {
        of: "",
        default: Default::None,
        range: None,
        step: None,
        help: "",
        choices: &[],
        lazy: false,
        optional: false,
        multiline: false,
        force_input: false,
        control: false,
        hidden: "",
        forms: Forms::None,
    }
}

/// An input that other nodes fill, and which is computed only when the node needs it.
pub const fn lazy() -> Widget {
    link().lazy()
}

/// A number.
pub const fn number(default: f64) -> Widget {
    let mut w = link();
    w.default = Default::Number(Number::Float(default));
    w
}

/// A whole number.
pub const fn whole(default: i64) -> Widget {
    let mut w = link();
    w.default = Default::Number(Number::Int(default));
    w
}

/// A switch.
pub const fn switch(default: bool) -> Widget {
    let mut w = link();
    w.default = Default::Bool(default);
    w
}

/// A text.
pub const fn text(default: &'static str) -> Widget {
    let mut w = link();
    w.default = Default::Text(default);
    w
}

/// An input that the server fills in: "UNIQUE_ID", "PROMPT" or "EXTRA_PNGINFO". The field's type is an Option of String.
pub const fn hidden(kind: &'static str) -> Widget {
    let mut w = link();
    w.hidden = kind;
    w
}

/// Inputs that grow: from min to max of them, each as the one input of a slice, named prefix and a number. The field's type is a
/// [`Value`], a map by those names.
pub const fn grow(prefix: &'static str, min: i64, max: i64, each: &'static [Input]) -> Widget {
    let mut w = link();
    w.of = "COMFY_AUTOGROW_V3";
    w.forms = Forms::Grow { prefix, min, max, each };
    w
}

/// A combo whose choice brings inputs. The field's type is a [`Value`], a map: the choice under the field's name, and the inputs.
pub const fn cases(all: &'static [Case]) -> Widget {
    let mut w = link();
    w.of = "COMFY_DYNAMICCOMBO_V3";
    w.forms = Forms::Cases(all);
    w
}

/// One of some texts.
pub const fn choice(choices: &'static [&'static str]) -> Widget {
    let mut w = link();
    w.of = "COMBO";
    w.choices = choices;
    w
}

impl Widget {
    /// The least and the most of a number.
    pub const fn range(mut self, min: f64, max: f64) -> Widget {
        self.range = Some((Number::Float(min), Number::Float(max)));
        self
    }

    /// The least and the most of a whole number.
    pub const fn between(mut self, min: i64, max: i64) -> Widget {
        self.range = Some((Number::Int(min), Number::Int(max)));
        self
    }

    /// The step of a number.
    pub const fn step(mut self, step: f64) -> Widget {
        self.step = Some(Number::Float(step));
        self
    }

    /// The step of a whole number.
    pub const fn by(mut self, step: i64) -> Widget {
        self.step = Some(Number::Int(step));
        self
    }

    /// A text of another default than the first choice.
    pub const fn default(mut self, text: &'static str) -> Widget {
        self.default = Default::Text(text);
        self
    }

    /// What the client shows as a hint.
    pub const fn help(mut self, text: &'static str) -> Widget {
        self.help = text;
        self
    }

    /// Computed only when the node needs it; the field's type is an Option.
    pub const fn lazy(mut self) -> Widget {
        self.lazy = true;
        self
    }

    /// A prompt need not give it; the field's type is an Option.
    pub const fn optional(mut self) -> Widget {
        self.optional = true;
        self
    }

    /// A text of several lines.
    pub const fn multiline(mut self) -> Widget {
        self.multiline = true;
        self
    }

    /// A link, even though the type has a widget.
    pub const fn force_input(mut self) -> Widget {
        self.force_input = true;
        self
    }

    /// The client changes the number after each run, as it does with seeds.
    pub const fn control_after_generate(mut self) -> Widget {
        self.control = true;
        self
    }

    /// Of a type by name: link().of("MODEL").
    pub const fn of(mut self, name: &'static str) -> Widget {
        self.of = name;
        self
    }

    fn options(&self) -> Value {
        let mut o = Value::map();
        match self.default {
            Default::None => {}
            Default::Number(n) => o = o.with("default", n.value()),
            Default::Bool(b) => o = o.with("default", b),
            Default::Text(s) => o = o.with("default", s),
        }
        if let Some((min, max)) = &self.range {
            o = o.with("min", min.value()).with("max", max.value());
        }
        if let Some(step) = &self.step {
            o = o.with("step", step.value());
        }
        if !self.help.is_empty() {
            o = o.with("tooltip", self.help);
        }
        let flags = [
            ("lazy", self.lazy),
            ("multiline", self.multiline),
            ("forceInput", self.force_input),
            ("control_after_generate", self.control),
        ];
        flags.iter().filter(|f| f.1).fold(o, |o, f| o.with(f.0, true))
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
///     } -> (Image) = function, flags: &["output_node"], needs: Some(wanted)
/// }
/// ```
/// The function gets the inputs in this order and gives a [`Result`](crate::Result) of an output, a tuple of outputs or a
/// [`Reply`]. Further fields of [`Node`] follow.
#[macro_export]
macro_rules! node {
    (
        $(#[doc = $help:literal])*
        $vis:vis $name:ident : $id:literal ($title:literal, $category:literal) {
            $($field:ident : $ty:ty $(= $widget:expr)?),* $(,)?
        } -> ($($out:ty $(as $label:literal)?),* $(,)?) = $run:path $(, $clause:ident : $value:expr)* $(,)?
    ) => {
        $vis static $name: $crate::Node = $crate::Node {
            id: $id,
            name: $title,
            category: $category,
            help: concat!($($help),*),
            inputs: &[$($crate::Input::new(stringify!($field), <$ty as $crate::Port>::TYPE, $crate::node!(@widget $($widget)?))),*],
            outputs: &[$($crate::Output::new(concat!($($label)?), <$out as $crate::Port>::TYPE, <$out as $crate::Port>::LIST)),*],
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
