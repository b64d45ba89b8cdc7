use crate::bind::{self, host as raw};
use crate::host::at;
use crate::{call, decode, Error, Incoming, Message, Node, Request, Result, Route, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What a module has. [`extension!`](crate::extension) makes one.
pub struct Extension {
    /// The nodes.
    pub nodes: &'static [&'static Node],
    /// The routes.
    pub routes: &'static [Route],
    /// What takes messages of clients.
    pub messages: &'static [Message],
    /// Answers migrate and selftest.
    pub other: Option<fn(i32, &Value) -> Result<Value>>,
}

/// The version of the contract, as cocoon_abi gives it.
pub const fn abi_version() -> i32 {
    (bind::MAJOR << 16 | bind::MINOR) as i32
}

/// A place for a request.
pub fn buffer(n: u32) -> u32 {
    let b: Vec<u8> = Vec::with_capacity(n as usize);
    core::mem::ManuallyDrop::new(b).as_mut_ptr() as usize as u32
}

/// Does what the host asks.
///
/// # Safety
/// ptr and n must be a request that lies in the module's memory.
pub unsafe fn called(e: &Extension, op: i32, ptr: u32, n: u32) -> i32 {
    let b = if n == 0 { &[] } else { core::slice::from_raw_parts(ptr as usize as *const u8, n as usize) };
    match decode(b).and_then(|request| answer(e, op, request)) {
        Ok(v) => {
            let b = v.encode();
            raw::reply(at(b.as_ptr()), b.len() as u32);
            0
        }
        Err(Error { kind: Some(kind), text, .. }) => {
            let pair = Value::List(alloc::vec![Value::from(&*kind), Value::from(&*text)]);
            let b = Value::Tag(bind::TAG_RAISE, Box::new(pair)).encode();
            raw::reply(at(b.as_ptr()), b.len() as u32);
            0
        }
        Err(e) => {
            raw::fail(e.code, at(e.text.as_ptr()), e.text.len() as u32);
            e.code
        }
    }
}

fn answer(e: &Extension, op: i32, request: Value) -> Result<Value> {
    match op {
        bind::OP_DESCRIBE => Ok(Value::map()
            .with("nodes", e.nodes.iter().map(|n| n.describe()).collect::<Vec<_>>())
            .with("routes", e.routes.iter().map(Route::describe).collect::<Vec<_>>())
            .with("messages", e.messages.iter().map(|m| Value::from(m.kind)).collect::<Vec<_>>())),
        bind::OP_ROUTE => {
            let r = e.routes.iter().find(|r| r.is(request.get("route").text())).ok_or(Error::of(bind::ENOENT))?;
            Ok((r.run)(&Request(request))?.value())
        }
        bind::OP_WS => {
            let m = e.messages.iter().find(|m| m.kind == request.get("type").text()).ok_or(Error::of(bind::ENOENT))?;
            (m.run)(&Incoming(request)).map(|()| Value::Null)
        }
        bind::OP_MIGRATE | bind::OP_SELFTEST => e.other.ok_or(Error::of(bind::EUNSUP))?(op, &request),
        _ => {
            let class = request.get("class").text();
            let n = e.nodes.iter().find(|n| n.id == class).ok_or(Error::of(bind::ENOENT))?;
            call::set_current(&request);
            on_node(n, op, &request)
        }
    }
}

fn on_node(n: &Node, op: i32, request: &Value) -> Result<Value> {
    let inputs = request.get("inputs");
    match op {
        bind::OP_EXECUTE => Ok((n.run)(inputs)?.value()),
        bind::OP_RESUME => Ok(n.resume.ok_or(Error::of(bind::EUNSUP))?(inputs, request.get("state").bytes())?.value()),
        bind::OP_CHECK_LAZY => Ok(Value::List(n.needs.map_or_else(|| n.missing(inputs), |f| f(inputs)).into_iter().map(Value::from).collect())),
        bind::OP_VALIDATE => Ok(match n.validate.map_or(Ok(()), |f| f(inputs)) {
            Ok(()) => Value::Null,
            Err(e) if e.kind.is_some() => return Err(e),
            Err(e) => Value::from(&*e.text),
        }),
        bind::OP_FINGERPRINT => n.fingerprint.map_or(Ok(Value::Null), |f| f(inputs)),
        _ => Err(Error::of(bind::EUNSUP)),
    }
}

/// Declares what the module has: `extension! { nodes: [A, B], routes: [Route::new("GET", "/page", page)] }`, and behind it, if there
/// are some, `messages: [Message::new("pick", pick)]`.
#[macro_export]
macro_rules! extension {
    (nodes: [$($node:path),* $(,)?], routes: [$($route:expr),* $(,)?] $(, messages: [$($message:expr),* $(,)?])? $(, other: $other:expr)? $(,)?) => {
        static COCOON_EXTENSION: $crate::Extension = $crate::Extension {
            nodes: &[$(&$node),*],
            routes: &[$($route),*],
            messages: &[$($($message),*)?],
            other: $crate::extension!(@other $($other)?),
        };

        #[no_mangle]
        extern "C" fn cocoon_abi() -> i32 {
            $crate::abi_version()
        }

        #[no_mangle]
        extern "C" fn cocoon_buf(n: u32) -> u32 {
            $crate::buffer(n)
        }

        #[no_mangle]
        extern "C" fn cocoon_call(op: i32, ptr: u32, n: u32) -> i32 {
            unsafe { $crate::called(&COCOON_EXTENSION, op, ptr, n) }
        }
    };
    (@other) => { None };
    (@other $other:expr) => { Some($other) };
}
