//! The Rust guest of the conformance kit: it interprets the steps of a case over the functions of cocoon-guest.
#![no_std]
mod core_ops;
mod declared;
mod media;
mod messages;
mod nodes;
mod outside;
mod stream;
mod tensors;

use cocoon_guest::*;
use declared::*;
use nodes::*;

/// Runs the steps of a case. What a step gave has a name, if the case gave it one.
pub struct Machine {
    named: BTreeMap<String, Value>,
    windows: Vec<Option<Window>>,
}

/// What a step does on its arguments, references resolved.
pub type Step = fn(&mut Machine, &[Value]) -> Result<Value>;

/// An op's result when there is nothing but an errno to give.
pub const DONE: Value = Value::Int(0);

fn selftest(op: i32, request: &Value) -> Result<Value> {
    if op != bind::OP_SELFTEST {
        return Err(Error::of(bind::EUNSUP));
    }
    steps(request.get("steps"), request.get("inputs"))
}

/// Does steps with named values and gives what the reply says of their results.
pub fn steps(list: &Value, named: &Value) -> Result<Value> {
    let mut m = Machine { named: BTreeMap::new(), windows: Vec::new() };
    if let Value::Map(inputs) = named {
        m.named = inputs.clone();
    }
    let mut out = Vec::new();
    for s in list.items() {
        out.push(m.step(s.items())?);
    }
    Ok(Value::List(out))
}

impl Machine {
    /// Does [op, name, hidden, arguments…] and gives what the reply says of its result.
    fn step(&mut self, s: &[Value]) -> Result<Value> {
        let args: Vec<Value> = s[3..].iter().map(|v| self.resolve(v)).collect();
        if s[0].text() == "fail" {
            return Err(Error::with(int(&args[0]) as i32, args[1].text().to_owned()));
        }
        let v = self.call(s[0].text(), &args).unwrap_or_else(|e| Value::Int(e.code as i64));
        let seen = if s[2] == Value::Bool(true) { Value::Null } else { shown(&v) };
        if !s[1].text().is_empty() {
            self.named.insert(s[1].text().into(), v);
        }
        Ok(seen)
    }

    fn call(&mut self, op: &str, args: &[Value]) -> Result<Value> {
        for table in [HELPERS, core_ops::OPS, tensors::OPS, outside::OPS, media::OPS, stream::OPS] {
            if let Some((_, f)) = table.iter().find(|x| x.0 == op) {
                return f(self, args);
            }
        }
        panic!("the kit has no op {op}")
    }

    /// Replaces references, which are links: a name, and which item of a list or a map.
    fn resolve(&self, v: &Value) -> Value {
        match v {
            Value::Tag(bind::TAG_LINK, pair) => match &self.named[pair.items()[0].text()] {
                Value::List(l) => l[int(&pair.items()[1]) as usize].clone(),
                m @ Value::Map(_) if !pair.items()[1].text().is_empty() => m.get(pair.items()[1].text()).clone(),
                v => v.clone(),
            },
            Value::List(l) => Value::List(l.iter().map(|v| self.resolve(v)).collect()),
            Value::Map(m) => Value::Map(m.iter().map(|(k, v)| (k.clone(), self.resolve(v))).collect()),
            v => v.clone(),
        }
    }

    /// Keeps a window under a number, which stands under a tag that no other result has.
    fn open(&mut self, w: Window) -> Value {
        self.windows.push(Some(w));
        Value::Tag(bind::TAG_BLOCKER, Box::new(Value::Int(self.windows.len() as i64 - 1)))
    }

    fn window(&mut self, v: &Value) -> &mut Option<Window> {
        match v {
            Value::Tag(bind::TAG_BLOCKER, n) => &mut self.windows[int(n) as usize],
            _ => panic!("no window"),
        }
    }
}

/// A result as the reply has it.
fn shown(v: &Value) -> Value {
    match v {
        Value::Handle(..) => "handle".into(),
        Value::Tag(bind::TAG_BLOCKER, _) => "window".into(),
        Value::List(l) => Value::List(l.iter().map(shown).collect()),
        Value::Map(m) => Value::Map(m.iter().map(|(k, v)| (k.clone(), shown(v))).collect()),
        v => v.clone(),
    }
}

/// A whole number; 0 for other values.
pub fn int(v: &Value) -> i64 {
    v.int().unwrap_or(0)
}

/// A number; 0 for other values.
pub fn float(v: &Value) -> f64 {
    v.float().unwrap_or(0.0)
}

/// The tensor of a handle.
pub fn tensor(v: &Value) -> Tensor {
    match v {
        Value::Handle(_, id) => Tensor(*id),
        _ => Tensor(-1),
    }
}

/// A list of whole numbers.
pub fn ints(v: &Value) -> Vec<i64> {
    v.items().iter().map(int).collect()
}

/// A handle to a tensor without a role.
pub fn plain(t: Tensor) -> Value {
    Value::Handle(bind::KIND_TENSOR, t.id())
}

fn len(v: &Value) -> Value {
    Value::Int(match v {
        Value::List(l) => l.len(),
        v => v.bytes().len(),
    } as i64)
}

const HELPERS: &[(&str, Step)] = &[
    ("echo", |_, a| Ok(a[0].clone())),
    ("len", |_, a| Ok(len(&a[0]))),
    ("len_of", |_, a| Ok(len(a[0].get(a[1].text())))),
    ("same", |_, a| Ok((a[0].encode() == a[1].encode()).into())),
    ("less", |_, a| Ok((int(&a[0]) < int(&a[1])).into())),
    // Does a step up to n times, until the host refuses it.
    ("until", |m, a| {
        for _ in 0..int(&a[0]) {
            m.call(a[1].text(), &a[2..])?;
        }
        Ok(DONE)
    }),
];

extension! {
    nodes: [VALUES, LAZY, LISTS, EXPAND, BLOCK, CHECK, FINGERPRINT, SHOW, TELL, WAIT, LATER, HIDDEN, HANDLES, FAIL, FLAGS, GROW, LOOP, LINKS, DECLARED, TELL_WITH, MISSING, BROKEN, ELSEWHERE],
    routes: [
        Route::new("GET", "/echo/:name", route_echo),
        Route::new("POST", "/go", route_go),
        Route::new("POST", "/body", route_body),
        Route::new("POST", "/steps", route_steps),
        Route::new("POST", "/events", route_events),
        Route::new("GET", "/file/:name", route_file),
        Route::new("GET", "/picture/:name", route_picture),
    ],
    messages: [
        Message::new("steps", messages::steps_of),
        Message::new("go", messages::go),
        Message::new("fail", messages::fail),
        Message::new("raise", messages::raise),
        Message::new("silent", |_| Ok(())),
    ],
    other: selftest,
}
