use crate::Value;

/// A setting of a widget, by the name that clients know it by; see [`Widget::set`].
#[derive(Clone, Copy)]
pub enum Setting {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(&'static str),
}

impl Setting {
    pub(crate) fn value(&self) -> Value {
        match self {
            Setting::Bool(b) => Value::Bool(*b),
            Setting::Int(n) => Value::Int(*n),
            Setting::Float(f) => Value::Float(*f),
            Setting::Text(s) => Value::from(*s),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

impl Number {
    pub(crate) fn value(&self) -> Value {
        match self {
            Number::Int(n) => Value::Int(*n),
            Number::Uint(n) => Value::Uint(*n),
            Number::Float(f) => Value::Float(*f),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Default {
    None,
    Number(Number),
    Bool(bool),
    Text(&'static str),
}
