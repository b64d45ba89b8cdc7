//! The functions of the other modules.

use crate::{int, tensor, Step, DONE};
use cocoon_guest::*;

/// Sends a request; of the answer's headers the reply has the type, since others tell the time.
fn fetch(request: &Value) -> Result<Value> {
    let r = host::http_fetch(request)?;
    Ok(Value::map()
        .with("status", r.get("status").clone())
        .with("type", r.get("headers").get("content-type").text())
        .with("body", r.get("body").clone()))
}

/// The file of a handle.
pub fn asset(v: &Value) -> host::Asset {
    host::Asset(tensor(v).id())
}

fn read(a: &[Value]) -> Result<Value> {
    let mut b = vec![0u8; int(&a[2]) as usize];
    let n = asset(&a[0]).read(&mut b, int(&a[1]))?;
    b.truncate(n);
    Ok(b.into())
}

fn scope(a: &[Value]) -> u32 {
    int(&a[0]) as u32
}

/// By name.
pub const OPS: &[(&str, Step)] = &[
    ("node_call", |_, a| host::node_call(a[0].text(), a[1].clone()).map(Value::List)),
    ("kv_get", |_, a| kv::get(scope(a), a[1].text())?.map(Value::Bytes).ok_or(Error::of(bind::ENOENT))),
    ("kv_put", |_, a| kv::put(scope(a), a[1].text(), a[2].bytes(), int(&a[3])).map(|_| DONE)),
    ("kv_cas", |_, a| kv::cas(scope(a), a[1].text(), a[2].bytes(), a[3].bytes()).map(|_| DONE)),
    ("kv_delete", |_, a| kv::delete(scope(a), a[1].text()).map(|_| DONE)),
    ("kv_list", |_, a| Ok(Value::List(kv::list(scope(a), a[1].text())?.into_iter().map(Value::from).collect()))),
    ("http_fetch", |_, a| fetch(&a[0])),
    ("asset_open", |_, a| host::Asset::open(&a[0]).map(|f| Value::Handle(bind::KIND_ASSET, f.0))),
    ("asset_size", |_, a| Ok(asset(&a[0]).size().into())),
    ("asset_read", |_, a| read(a)),
    ("asset_save", |_, a| host::asset_save(a[0].text(), a[1].bytes())),
    ("ws_send", |_, a| host::ws_send(a[0].text(), a[1].text()).map(|_| DONE)),
    ("input", |_, a| pull::<Value>(a[0].text())),
    ("msg_wait", |_, a| host::msg_wait(a[0].text(), int(&a[1]) as u32).map(Value::Bytes)),
    ("msg_post", |_, a| host::msg_post(a[0].text(), a[1].text(), a[2].text(), a[3].bytes()).map(|taken| Value::Int(taken as i64))),
];
