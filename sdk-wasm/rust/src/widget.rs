use crate::setting::{Default, Number, Setting};
use crate::Value;
use alloc::vec::Vec;

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

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn lazy(&self) -> bool {
        self.widget.lazy
    }

    pub(crate) fn hidden(&self) -> bool {
        !self.widget.hidden.is_empty()
    }

    pub(crate) fn describe_hidden(&self) -> Value {
        Value::map().with("name", self.name).with("kind", self.widget.hidden)
    }

    pub(crate) fn describe(&self) -> Value {
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
    settings: &'static [(&'static str, Setting)],
    template: (&'static str, &'static str),
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
    Names { names: &'static [&'static str], min: i64, each: &'static [Input] },
    Cases(&'static [Case]),
    Slot { of: &'static str, inputs: &'static [Input] },
    Group { label: &'static str, min: i64, max: i64, inputs: &'static [Input] },
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
            Forms::Names { names, min, each } => {
                let list: Vec<Value> = names.iter().map(|n| Value::from(*n)).collect();
                let max = list.len() as i64;
                Some(Value::map().with("names", list).with("min", *min).with("max", max).with("template", described(each)))
            }
            Forms::Slot { of, inputs } => Some(Value::map().with("slot_type", *of).with("template", described(inputs))),
            Forms::Group { label, min, max, inputs } => {
                Some(Value::map().with("group", *label).with("min", *min).with("max", *max).with("template", described(inputs)))
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
        settings: &[],
        template: ("", ""),
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

/// A seed: a whole number over the whole range of u64, which the client changes after each run. The field's type is u64.
pub const fn seed(default: u64) -> Widget {
    let mut w = link().control_after_generate();
    w.default = Default::Number(Number::Uint(default));
    w.range = Some((Number::Uint(0), Number::Uint(u64::MAX)));
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

/// [`grow`] with names instead of a prefix.
pub const fn grow_named(min: i64, names: &'static [&'static str], each: &'static [Input]) -> Widget {
    let mut w = link();
    w.of = "COMFY_AUTOGROW_V3";
    w.forms = Forms::Names { names, min, each };
    w
}

/// An input of a type that brings further inputs once it is linked. The field's type is a [`Value`], a map.
pub const fn slot(of: &'static str, inputs: &'static [Input]) -> Widget {
    let mut w = link();
    w.of = "COMFY_DYNAMICSLOT_V3";
    w.forms = Forms::Slot { of, inputs };
    w
}

/// From min to max rows of the same inputs; label is what a row is called, "" for Group. The field's type is a [`Value`].
pub const fn group(label: &'static str, min: i64, max: i64, inputs: &'static [Input]) -> Widget {
    let mut w = link();
    w.of = "COMFY_DYNAMICGROUP_V3";
    w.forms = Forms::Group { label, min, max, inputs };
    w
}

/// An input that takes what the other inputs and outputs of the template take, of the allowed types.
pub const fn matching(template: &'static str, allowed: &'static str) -> Widget {
    let mut w = link();
    w.of = "COMFY_MATCHTYPE_V3";
    w.template = (template, allowed);
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

    /// A number that is set by a slider.
    pub const fn slider(self) -> Widget {
        self.set(&[("display", Setting::Text("slider"))])
    }

    /// Settings that clients know by name: set(&[("placeholder", Setting::Text("a prompt"))]). Once for a widget.
    pub const fn set(mut self, settings: &'static [(&'static str, Setting)]) -> Widget {
        self.settings = settings;
        self
    }

    /// The node gets the link itself, a list of a node's id and an output's number, in the place of its value.
    pub const fn raw(self) -> Widget {
        self.set(&[("rawLink", Setting::Bool(true))])
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
        if !self.template.0.is_empty() {
            o = o.with("template", Value::map().with("template_id", self.template.0).with("allowed_types", self.template.1));
        }
        let o = self.settings.iter().fold(o, |o, s| o.with(s.0, s.1.value()));
        flags.iter().filter(|f| f.1).fold(o, |o, f| o.with(f.0, true))
    }
}
