//! What every extension may do, and what needs a capability besides tensors and kv.

use crate::bind::host as raw;
use crate::error::check;
use crate::{decode, Image, Result, Value};
use alloc::vec::Vec;

pub(crate) fn at<T: ?Sized>(p: *const T) -> u32 {
    p as *const u8 as usize as u32
}

/// Calls a function with an out buffer, and takes what did not fit.
pub(crate) fn fetch(room: usize, f: impl FnOnce(u32, u32) -> i64) -> Result<Vec<u8>> {
    let mut b = alloc::vec![0u8; room];
    let n = check(f(at(b.as_mut_ptr()), room as u32))? as usize;
    if n > room {
        b = alloc::vec![0u8; n];
        unsafe { raw::take(at(b.as_mut_ptr()), n as u32) };
    }
    b.truncate(n);
    Ok(b)
}

fn ask(f: unsafe extern "C" fn(u32, u32, u32, u32) -> i64, request: &Value) -> Result<Value> {
    let b = request.encode();
    decode(&fetch(4096, |out, cap| unsafe { f(at(b.as_ptr()), b.len() as u32, out, cap) })?)
}

/// Writes a line to the extension's log; levels 0 debug, 1 info, 2 warning, 3 error.
pub fn log(level: i32, text: &str) {
    unsafe { raw::log(level, at(text.as_ptr()), text.len() as u32) }
}

/// Says how far the node is. True when the call is being cancelled: return soon.
pub fn progress(value: f64, max: f64) -> bool {
    unsafe { raw::progress(value, max) == 1 }
}

/// Shows a line on the node.
pub fn progress_text(text: &str) {
    unsafe { raw::progress_text(at(text.as_ptr()), text.len() as u32) }
}

/// As [`progress`], for clients that follow the state of all nodes: it makes no event of its own.
pub fn progress_state(value: f64, max: f64) -> bool {
    unsafe { raw::progress_state(value, max) == 1 }
}

/// As [`progress_text`], for every client of the tenant.
pub fn progress_text_all(text: &str) {
    unsafe { raw::progress_text_all(at(text.as_ptr()), text.len() as u32) }
}

/// Shows a picture on the node while it runs, no side longer than max_side, 0 for its own size. True when the call is being
/// cancelled.
pub fn preview(image: &Image, max_side: u32) -> Result<bool> {
    check(unsafe { raw::preview(image.id(), max_side, 0, 0) } as i64).map(|n| n == 1)
}

/// As [`preview`], in a format without loss.
pub fn preview_png(image: &Image, max_side: u32) -> Result<bool> {
    check(unsafe { raw::preview(image.id(), max_side, 1, 0) } as i64).map(|n| n == 1)
}

/// Says how far the node is and shows a picture with it, no side longer than max_side, 0 for its own size; png: without loss. True when
/// the call is being cancelled.
pub fn progress_with(value: f64, max: f64, image: &Image, max_side: u32, png: bool) -> Result<bool> {
    check(unsafe { raw::preview(image.id(), max_side, png as u32, 1) } as i64)?;
    Ok(progress(value, max))
}

/// Instructions that the call may still execute.
pub fn fuel_left() -> i64 {
    unsafe { raw::fuel_left() }
}

/// Milliseconds that the call may still run.
pub fn deadline_ms() -> i64 {
    unsafe { raw::deadline_ms() }
}

/// Waits. False when the call is being cancelled.
pub fn sleep_ms(ms: u32) -> bool {
    unsafe { raw::sleep_ms(ms) == 0 }
}

/// Milliseconds since 1970; without the capability real_clock the start of the call.
pub fn now_ms() -> i64 {
    unsafe { raw::now_ms() }
}

/// Fills b with random bytes: equal ones in equal calls, unless secure_random is granted.
pub fn random(b: &mut [u8]) -> Result<()> {
    check(unsafe { raw::random(at(b.as_mut_ptr()), b.len() as u32) } as i64).map(drop)
}

/// Whether the host has a feature: one of [`crate::bind`]'s FEATURE numbers.
pub fn feature(id: u32) -> bool {
    unsafe { raw::feature(id) == 1 }
}

/// Runs a granted built-in node and gives its outputs.
pub fn node_call(class: &str, inputs: Value) -> Result<Vec<Value>> {
    let reply = ask(raw::node_call, &Value::map().with("class", class).with("inputs", inputs))?;
    Ok(reply.get("outputs").items().to_vec())
}

/// Sends a request: a map of method, url, headers and body. The reply has status, headers and body.
pub fn http_fetch(request: &Value) -> Result<Value> {
    ask(raw::http_fetch, request)
}

/// Waits for a message to this node.
pub fn msg_wait(topic: &str, timeout_ms: u32) -> Result<Vec<u8>> {
    fetch(4096, |out, cap| unsafe { raw::msg_wait(at(topic.as_ptr()), topic.len() as u32, timeout_ms, out, cap) })
}

/// Leaves a message for a node of a prompt of the caller's tenant: true when a node took it. An empty prompt means the one
/// that runs that node, or will run it next.
pub fn msg_post(prompt: &str, node: &str, topic: &str, message: &[u8]) -> Result<bool> {
    let n = unsafe {
        raw::msg_post(
            at(prompt.as_ptr()),
            prompt.len() as u32,
            at(node.as_ptr()),
            node.len() as u32,
            at(topic.as_ptr()),
            topic.len() as u32,
            at(message.as_ptr()),
            message.len() as u32,
        )
    };
    check(n as i64).map(|n| n == 1)
}

/// Sends a JSON object to the client that asked, as the event ext.<id>.<name>.
pub fn ws_send(name: &str, json: &str) -> Result<()> {
    check(unsafe { raw::ws_send(at(name.as_ptr()), name.len() as u32, at(json.as_ptr()), json.len() as u32) } as i64).map(drop)
}

/// Saves a file in the output folder and says where: a map of type, subfolder and filename.
pub fn asset_save(name: &str, data: &[u8]) -> Result<Value> {
    decode(&fetch(1024, |out, cap| unsafe {
        raw::asset_save(at(name.as_ptr()), name.len() as u32, at(data.as_ptr()), data.len() as u32, out, cap)
    })?)
}

/// An open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset(pub i64);

impl Asset {
    /// Opens a file for reading: a map of type, subfolder and filename names it.
    pub fn open(file: &Value) -> Result<Asset> {
        let b = file.encode();
        check(unsafe { raw::asset_open(at(b.as_ptr()), b.len() as u32) }).map(Asset)
    }

    /// Opens a file as widgets name it: "folder/name.png \[output\]", without a type in the input folder.
    pub fn chosen(name: &str) -> Result<Asset> {
        Asset::open(&Value::map().with("name", name))
    }

    /// How many bytes it has.
    pub fn size(&self) -> i64 {
        unsafe { raw::asset_size(self.0) }
    }

    /// Copies bytes from an offset on into b: how many, 0 at the end.
    pub fn read(&self, b: &mut [u8], offset: i64) -> Result<usize> {
        check(unsafe { raw::asset_read(self.0, offset, at(b.as_mut_ptr()), b.len() as u32) }).map(|n| n as usize)
    }

    /// Gives the file back before the call ends.
    pub fn close(self) {
        unsafe { raw::h_drop(self.0) }
    }
}

/// Reads a whole file: a map of type, subfolder and filename names it.
pub fn asset_read(file: &Value) -> Result<Vec<u8>> {
    let f = Asset::open(file)?;
    let mut data = alloc::vec![0u8; f.size() as usize];
    let mut done = 0;
    while done < data.len() {
        match f.read(&mut data[done..], done as i64)? {
            0 => break,
            n => done += n,
        }
    }
    data.truncate(done);
    f.close();
    Ok(data)
}
