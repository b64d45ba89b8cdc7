//! Requests that go on beside the module, and events for clients.

use crate::bind::host as raw;
use crate::error::check;
use crate::host::{at, fetch};
use crate::{decode, Image, Result, Value};
use alloc::vec::Vec;

/// A request that goes on beside the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Exchange(pub i64);

impl Exchange {
    /// Begins a request: a map of method, url, headers, body and timeout_ms. body may also be a handle to a file or to the body of
    /// a route's request.
    pub fn start(request: &Value) -> Result<Exchange> {
        let b = request.encode();
        check(unsafe { raw::http_start(at(b.as_ptr()), b.len() as u32) }).map(Exchange)
    }

    /// Waits until the answer begins: a map of status, headers and length.
    pub fn head(&self) -> Result<Value> {
        decode(&fetch(4096, |out, cap| unsafe { raw::http_take(self.0, out, cap) })?)
    }

    /// Waits for bytes of the answer's body: how many, 0 at the end.
    pub fn read(&self, b: &mut [u8]) -> Result<usize> {
        check(unsafe { raw::http_read(self.0, at(b.as_mut_ptr()), b.len() as u32) }).map(|n| n as usize)
    }

    /// Ends the exchange before the call does.
    pub fn close(self) {
        unsafe { raw::h_drop(self.0) }
    }
}

/// Waits until the answer of one of the exchanges begins, or will not, and gives its place.
pub fn wait_any(all: &[Exchange], timeout_ms: u32) -> Result<usize> {
    let ids: Vec<i64> = all.iter().map(|x| x.0).collect();
    check(unsafe { raw::wait_any(at(ids.as_ptr()), ids.len() as u32, timeout_ms) }).map(|n| n as usize)
}

/// Whom an event is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The client of an id; for "" the one that asked.
    Client(&'a str),
    /// The client that asked for a prompt in which a node of the extension runs; for "" the one that runs now.
    Prompt(&'a str),
    /// All clients of the tenant.
    All,
}

impl Target<'_> {
    fn parts(&self) -> (u32, &str) {
        match self {
            Target::Client(id) => (0, id),
            Target::Prompt(id) => (1, id),
            Target::All => (2, ""),
        }
    }

    /// Sends a JSON object as the event ext.<id>.<name>.
    pub fn send(&self, name: &str, json: &str) -> Result<()> {
        let (to, id) = self.parts();
        let n = unsafe {
            raw::ws_post(to, at(id.as_ptr()), id.len() as u32, at(name.as_ptr()), name.len() as u32, at(json.as_ptr()), json.len() as u32)
        };
        check(n as i64).map(drop)
    }

    /// Sends the first picture of a batch as a binary preview, no side longer than max_side, 0 for its own size.
    pub fn show(&self, image: &Image, max_side: u32) -> Result<()> {
        let (to, id) = self.parts();
        check(unsafe { raw::ws_image(to, at(id.as_ptr()), id.len() as u32, image.id(), max_side, 0) } as i64).map(drop)
    }
}
