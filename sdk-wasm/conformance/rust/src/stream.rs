//! Requests beside the module, events for clients, and bodies and answers of routes.

use crate::{int, tensor, Step, DONE};
use cocoon_guest::*;

fn exchange(v: &Value) -> Exchange {
    Exchange(tensor(v).id())
}

fn head(x: Exchange) -> Result<Value> {
    let r = x.head()?;
    Ok(Value::map().with("status", r.get("status").clone()).with("type", r.get("headers").get("content-type").text()))
}

/// What one read gives; nothing at the end.
fn piece(n: &Value, read: impl FnOnce(&mut [u8]) -> Result<usize>) -> Result<Value> {
    let mut b = vec![0u8; int(n) as usize];
    let got = read(&mut b)?;
    b.truncate(got);
    Ok(b.into())
}

fn target(a: &[Value]) -> Target<'_> {
    match int(&a[0]) {
        0 => Target::Client(a[1].text()),
        1 => Target::Prompt(a[1].text()),
        _ => Target::All,
    }
}

/// By name.
pub const OPS: &[(&str, Step)] = &[
    ("http_start", |_, a| Exchange::start(&a[0]).map(|x| Value::Handle(bind::KIND_REQUEST, x.0))),
    ("http_take", |_, a| head(exchange(&a[0]))),
    ("http_read", |_, a| piece(&a[1], |b| exchange(&a[0]).read(b))),
    ("wait_any", |_, a| {
        let all: Vec<Exchange> = a[0].items().iter().map(exchange).collect();
        wait_any(&all, int(&a[1]) as u32).map(|n| Value::Int(n as i64))
    }),
    ("ws_post", |_, a| target(a).send(a[2].text(), a[3].text()).map(|_| DONE)),
    ("ws_image", |_, a| target(a).show(&Image(tensor(&a[2])), int(&a[3]) as u32).map(|_| DONE)),
    ("body_read", |_, a| piece(&a[1], |b| Body(tensor(&a[0]).id()).read(b))),
    ("reply_head", |_, a| Answer::begin(int(&a[0]), a[1].text()).map(|_| DONE)),
    ("reply_write", |_, a| Answer.write(a[0].bytes()).map(|n| Value::Int(n as i64))),
];
