use crate::{bind, Error, Result};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A value of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above the range of i64.
    Uint(u64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An array.
    List(Vec<Value>),
    /// A map. The order of its keys on the wire is seen to.
    Map(BTreeMap<String, Value>),
    /// Something that stays with the host: kind and id.
    Handle(u32, i64),
    /// A tagged value: one of the tags of the contract.
    Tag(u64, alloc::boxed::Box<Value>),
}

static NULL: Value = Value::Null;

impl Value {
    /// An empty map.
    pub fn map() -> Value {
        Value::Map(BTreeMap::new())
    }

    /// The map with one more entry; other values stay what they are.
    pub fn with(mut self, key: &str, v: impl Into<Value>) -> Value {
        if let Value::Map(m) = &mut self {
            m.insert(key.into(), v.into());
        }
        self
    }

    /// The map with one more entry if the condition holds.
    pub(crate) fn with_if<V: Into<Value>>(self, on: bool, key: &str, v: impl FnOnce() -> V) -> Value {
        if on {
            self.with(key, v())
        } else {
            self
        }
    }

    /// An entry of a map; null where there is none.
    pub fn get(&self, key: &str) -> &Value {
        self.find(key).unwrap_or(&NULL)
    }

    /// An entry of a map, if there.
    pub fn find(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(m) => m.get(key),
            _ => None,
        }
    }

    /// The items of an array, also of one that is several values for one port; none for other values.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(l) => l,
            Value::Tag(bind::TAG_LIST, v) => v.items(),
            _ => &[],
        }
    }

    /// A text; the empty one for other values.
    pub fn text(&self) -> &str {
        match self {
            Value::Text(s) => s,
            _ => "",
        }
    }

    /// Bytes, also those of a text; none for other values.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Value::Bytes(b) => b,
            Value::Text(s) => s.as_bytes(),
            _ => &[],
        }
    }

    /// An integer, if it is one.
    pub fn int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// A number, if it is one.
    pub fn float(&self) -> Option<f64> {
        match self {
            Value::Float(f) => Some(*f),
            Value::Int(n) => Some(*n as f64),
            Value::Uint(n) => Some(*n as f64),
            _ => None,
        }
    }

    /// A link to an output of a node of an expansion.
    pub fn link(node: &str, output: u32) -> Value {
        Value::Tag(bind::TAG_LINK, alloc::boxed::Box::new(Value::List(alloc::vec![node.into(), Value::Int(output as i64)])))
    }

    /// The message of the value.
    pub fn encode(&self) -> Vec<u8> {
        let mut b = Vec::new();
        self.append(&mut b);
        b
    }

    fn append(&self, b: &mut Vec<u8>) {
        match self {
            Value::Null => b.push(0xf6),
            Value::Bool(v) => b.push(if *v { 0xf5 } else { 0xf4 }),
            Value::Int(n) if *n < 0 => head(b, 1, (-1 - n) as u64),
            Value::Int(n) => head(b, 0, *n as u64),
            Value::Uint(n) => head(b, 0, *n),
            Value::Float(f) => {
                b.push(0xfb);
                let bits = if f.is_nan() { 0x7ff8_0000_0000_0000 } else { f.to_bits() };
                b.extend_from_slice(&bits.to_be_bytes());
            }
            Value::Text(s) => {
                head(b, 3, s.len() as u64);
                b.extend_from_slice(s.as_bytes());
            }
            Value::Bytes(s) => {
                head(b, 2, s.len() as u64);
                b.extend_from_slice(s);
            }
            Value::List(l) => {
                head(b, 4, l.len() as u64);
                l.iter().for_each(|v| v.append(b));
            }
            Value::Map(m) => {
                head(b, 5, m.len() as u64);
                let mut pairs: Vec<_> = m.iter().collect();
                pairs.sort_by(|x, y| order(x.0, y.0));
                for (k, v) in pairs {
                    head(b, 3, k.len() as u64);
                    b.extend_from_slice(k.as_bytes());
                    v.append(b);
                }
            }
            Value::Handle(kind, id) => {
                head(b, 6, bind::TAG_HANDLE);
                head(b, 4, 2);
                head(b, 0, *kind as u64);
                head(b, 0, *id as u64);
            }
            Value::Tag(tag, v) => {
                head(b, 6, *tag);
                v.append(b);
            }
        }
    }
}

/// Keys are ordered shorter ones first, then by bytes.
fn order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes()))
}

fn head(b: &mut Vec<u8>, major: u8, n: u64) {
    let m = major << 5;
    if n < 24 {
        b.push(m | n as u8);
    } else if n <= u8::MAX as u64 {
        b.extend_from_slice(&[m | 24, n as u8]);
    } else if n <= u16::MAX as u64 {
        b.push(m | 25);
        b.extend_from_slice(&(n as u16).to_be_bytes());
    } else if n <= u32::MAX as u64 {
        b.push(m | 26);
        b.extend_from_slice(&(n as u32).to_be_bytes());
    } else {
        b.push(m | 27);
        b.extend_from_slice(&n.to_be_bytes());
    }
}

/// Reads a message that the host wrote. It trusts the host to keep to the deterministic form, and nothing else: lengths and
/// depth are bounded.
pub fn decode(b: &[u8]) -> Result<Value> {
    let mut d = Decoder { b };
    let v = d.value(bind::MAX_CBOR_DEPTH)?;
    if d.b.is_empty() {
        Ok(v)
    } else {
        Err(broken())
    }
}

fn broken() -> Error {
    Error::new("a message is broken")
}

struct Decoder<'a> {
    b: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn take(&mut self, n: u64) -> Result<&'a [u8]> {
        if n > self.b.len() as u64 {
            return Err(broken());
        }
        let (s, rest) = self.b.split_at(n as usize);
        self.b = rest;
        Ok(s)
    }

    fn head(&mut self) -> Result<(u8, u8, u64)> {
        let c = self.take(1)?[0];
        let info = c & 31;
        let n = match info {
            0..=23 => info as u64,
            24..=27 => self.take(1 << (info - 24))?.iter().fold(0, |n, x| n << 8 | *x as u64),
            _ => return Err(broken()),
        };
        Ok((c >> 5, info, n))
    }

    fn text(&mut self, n: u64) -> Result<String> {
        let s = self.take(n)?;
        core::str::from_utf8(s).map(String::from).map_err(|_| broken())
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        let (major, info, n) = self.head()?;
        if (4..=6).contains(&major) && depth == 0 {
            return Err(broken());
        }
        Ok(match major {
            0 if n > i64::MAX as u64 => Value::Uint(n),
            0 => Value::Int(n as i64),
            1 if n <= i64::MAX as u64 => Value::Int(-1 - n as i64),
            2 => Value::Bytes(self.take(n)?.to_vec()),
            3 => Value::Text(self.text(n)?),
            4 if n <= self.b.len() as u64 => {
                let mut l = Vec::with_capacity(n as usize);
                for _ in 0..n {
                    l.push(self.value(depth - 1)?);
                }
                Value::List(l)
            }
            5 if n <= self.b.len() as u64 => {
                let mut m = BTreeMap::new();
                for _ in 0..n {
                    let (major, _, size) = self.head()?;
                    if major != 3 {
                        return Err(broken());
                    }
                    let key = self.text(size)?;
                    m.insert(key, self.value(depth - 1)?);
                }
                Value::Map(m)
            }
            6 => tagged(n, self.value(depth - 1)?)?,
            7 if info == 27 => Value::Float(f64::from_bits(n)),
            7 if info == 20 || info == 21 => Value::Bool(info == 21),
            7 if info == 22 => Value::Null,
            _ => return Err(broken()),
        })
    }
}

fn tagged(tag: u64, v: Value) -> Result<Value> {
    if tag != bind::TAG_HANDLE {
        return Ok(Value::Tag(tag, alloc::boxed::Box::new(v)));
    }
    match v.items() {
        [Value::Int(kind), Value::Int(id)] => Ok(Value::Handle(*kind as u32, *id)),
        _ => Err(broken()),
    }
}

macro_rules! from {
    ($($t:ty => $v:ident, $e:expr;)*) => {
        $(impl From<$t> for Value {
            fn from($v: $t) -> Value {
                $e
            }
        })*
    };
}

from! {
    bool => v, Value::Bool(v);
    i64 => v, Value::Int(v);
    i32 => v, Value::Int(v as i64);
    u32 => v, Value::Int(v as i64);
    f64 => v, Value::Float(v);
    &str => v, Value::Text(v.into());
    String => v, Value::Text(v);
    Vec<u8> => v, Value::Bytes(v);
    &[u8] => v, Value::Bytes(v.to_vec());
    Vec<Value> => v, Value::List(v);
    BTreeMap<String, Value> => v, Value::Map(v);
}
