//! Small values that stay, kept apart by tenant and extension. A scope is [`TENANT`] or [`PROMPT`].

use crate::bind::host as raw;
use crate::error::check;
use crate::host::{at, fetch};
use crate::{bind, decode, Result};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What the tenant has.
pub const TENANT: u32 = 0;
/// What the prompt has, until it ends.
pub const PROMPT: u32 = 1;

/// A value; None when there is none.
pub fn get(scope: u32, key: &str) -> Result<Option<Vec<u8>>> {
    match fetch(4096, |out, cap| unsafe { raw::kv_get(scope, at(key.as_ptr()), key.len() as u32, out, cap) }) {
        Err(e) if e.code == bind::ENOENT => Ok(None),
        got => got.map(Some),
    }
}

/// Sets a value; ttl_ms 0 keeps it.
pub fn put(scope: u32, key: &str, value: &[u8], ttl_ms: i64) -> Result<()> {
    let n = unsafe { raw::kv_put(scope, at(key.as_ptr()), key.len() as u32, at(value.as_ptr()), value.len() as u32, ttl_ms) };
    check(n as i64).map(drop)
}

/// Sets a value if the present one is old; an absent one is empty. ECONFLICT otherwise.
pub fn cas(scope: u32, key: &str, old: &[u8], value: &[u8]) -> Result<()> {
    let n = unsafe {
        raw::kv_cas(scope, at(key.as_ptr()), key.len() as u32, at(old.as_ptr()), old.len() as u32, at(value.as_ptr()), value.len() as u32)
    };
    check(n as i64).map(drop)
}

/// Forgets a value.
pub fn delete(scope: u32, key: &str) -> Result<()> {
    check(unsafe { raw::kv_delete(scope, at(key.as_ptr()), key.len() as u32) } as i64).map(drop)
}

/// The sorted keys that start with prefix.
pub fn list(scope: u32, prefix: &str) -> Result<Vec<String>> {
    let b = fetch(16384, |out, cap| unsafe { raw::kv_list(scope, at(prefix.as_ptr()), prefix.len() as u32, out, cap) })?;
    Ok(decode(&b)?.items().iter().map(|v| v.text().to_string()).collect())
}
