use crate::{bind, Error, Image, Latent, Mask, Reply, Result, Tensor, Value};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A type that inputs and outputs of nodes have.
pub trait Port: Sized {
    /// Its name on links.
    const TYPE: &'static str;
    /// Whether it is several values for one port.
    const LIST: bool = false;
    /// The template that an output's type matches; "" for none.
    const TEMPLATE: &'static str = "";

    /// The value as the host gave it; None when it is of another type.
    fn from_value(v: &Value) -> Option<Self>;

    /// The value as the host takes it.
    fn to_value(self) -> Value;

    /// Finds the input of a name.
    fn input(name: &str, inputs: &Value) -> Result<Self> {
        match inputs.find(name).map(Self::from_value) {
            Some(Some(v)) => Ok(v),
            Some(None) => Err(Error::from(format!("the input {name} is no {}", Self::TYPE))),
            None => Err(Error::from(format!("the input {name} is missing"))),
        }
    }
}

/// A model, a conditioning, or any other value that extensions pass on unseen. Declare its type: link().of("MODEL").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// One of [`bind`]'s KIND numbers.
    pub kind: u32,
    /// The handle.
    pub id: i64,
}

macro_rules! port {
    ($($t:ty, $name:literal, $v:ident, $from:expr, $x:ident, $to:expr;)*) => {
        $(impl Port for $t {
            const TYPE: &'static str = $name;
            fn from_value($v: &Value) -> Option<Self> {
                $from
            }
            fn to_value(self) -> Value {
                let $x = self;
                $to
            }
        })*
    };
}

fn handle(v: &Value, want: u32) -> Option<i64> {
    match v {
        Value::Handle(kind, id) if *kind == want => Some(*id),
        _ => None,
    }
}

port! {
    Image, "IMAGE", v, handle(v, bind::KIND_IMAGE).map(|id| Image(Tensor(id))), x, Value::Handle(bind::KIND_IMAGE, x.id());
    Mask, "MASK", v, handle(v, bind::KIND_MASK).map(|id| Mask(Tensor(id))), x, Value::Handle(bind::KIND_MASK, x.id());
    Latent, "LATENT", v, handle(v, bind::KIND_LATENT).map(Latent), x, Value::Handle(bind::KIND_LATENT, x.0);
    f64, "FLOAT", v, v.float(), x, Value::Float(x);
    i64, "INT", v, v.int(), x, Value::Int(x);
    u64, "INT", v, match v { Value::Uint(n) => Some(*n), v => v.int().map(|n| n as u64) }, x, i64::try_from(x).map_or(Value::Uint(x), Value::Int);
    bool, "BOOLEAN", v, if let Value::Bool(b) = v { Some(*b) } else { None }, x, Value::Bool(x);
    String, "STRING", v, if let Value::Text(s) = v { Some(s.clone()) } else { None }, x, Value::Text(x);
    Value, "*", v, Some(v.clone()), x, x;
    Opaque, "*", v, if let Value::Handle(kind, id) = v { Some(Opaque { kind: *kind, id: *id }) } else { None }, x, Value::Handle(x.kind, x.id);
}

/// A lazy or optional input: None when it is not there.
impl<T: Port> Port for Option<T> {
    const TYPE: &'static str = T::TYPE;

    fn from_value(v: &Value) -> Option<Self> {
        match v {
            Value::Null => Some(None),
            v => T::from_value(v).map(Some),
        }
    }

    fn to_value(self) -> Value {
        self.map_or(Value::Null, T::to_value)
    }

    fn input(name: &str, inputs: &Value) -> Result<Self> {
        match inputs.find(name) {
            None => Ok(None),
            Some(v) => Self::from_value(v).ok_or_else(|| Error::from(format!("the input {name} is no {}", T::TYPE))),
        }
    }
}

/// All items of an input of a node that takes lists, or all values of an output that is one.
impl<T: Port> Port for Vec<T> {
    const TYPE: &'static str = T::TYPE;
    const LIST: bool = true;

    fn from_value(v: &Value) -> Option<Self> {
        v.items().iter().map(T::from_value).collect()
    }

    fn to_value(self) -> Value {
        let l = self.into_iter().map(T::to_value).collect();
        Value::Tag(bind::TAG_LIST, alloc::boxed::Box::new(Value::List(l)))
    }
}

/// What a node's function gives: an output, a tuple of outputs, or a [`Reply`].
pub trait IntoReply {
    /// The reply.
    fn into_reply(self) -> Reply;
}

impl IntoReply for Reply {
    fn into_reply(self) -> Reply {
        self
    }
}

impl IntoReply for () {
    fn into_reply(self) -> Reply {
        Reply::new()
    }
}

impl<T: Port> IntoReply for T {
    fn into_reply(self) -> Reply {
        Reply::new().output(self)
    }
}

macro_rules! tuples {
    ($(($($t:ident $n:tt),*))*) => {
        $(impl<$($t: Port),*> IntoReply for ($($t,)*) {
            fn into_reply(self) -> Reply {
                Reply::new()$(.output(self.$n))*
            }
        })*
    };
}

tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5) }
