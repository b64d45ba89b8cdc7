//! Parts of values, files in the making, and pictures as files.

use crate::bind::{self, host as raw};
use crate::error::check;
use crate::host::{at, fetch, Asset};
use crate::{decode, Image, Mask, Result, Tensor, Value};
use alloc::string::String;
use alloc::vec::Vec;

/// The type that links of a value have, such as LATENT or MODEL.
pub fn type_of(id: i64) -> Result<String> {
    fetch(256, |out, cap| unsafe { raw::h_type(id, out, cap) }).map(|b| String::from_utf8_lossy(&b).into_owned())
}

/// Takes a latent, sound or a picture apart: a map, see docs/abi.md.
pub fn parts(id: i64) -> Result<Value> {
    decode(&fetch(4096, |out, cap| unsafe { raw::h_parts(id, out, cap) })?)
}

/// Makes a latent or sound of parts: its handle.
pub fn build(kind: u32, parts: &Value) -> Result<Value> {
    let b = parts.encode();
    check(unsafe { raw::h_build(kind, at(b.as_ptr()), b.len() as u32) }).map(|h| Value::Handle(kind, h))
}

impl Asset {
    /// Decodes a picture file: a picture for each of its frames.
    pub fn image(&self) -> Result<Image> {
        check(unsafe { raw::asset_image(self.0, 0) }).map(|h| Image(Tensor(h)))
    }

    /// Decodes the transparency of a picture file: 1 where nothing is to be seen.
    pub fn mask(&self) -> Result<Mask> {
        check(unsafe { raw::asset_image(self.0, 1) }).map(|h| Mask(Tensor(h)))
    }
}

/// A file of the output folder in the making. Nothing is kept until [`Draft::commit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft(pub i64);

impl Draft {
    /// Begins a file.
    pub fn create(name: &str) -> Result<Draft> {
        check(unsafe { raw::asset_create(at(name.as_ptr()), name.len() as u32) }).map(Draft)
    }

    /// Adds bytes: how many.
    pub fn write(&self, b: &[u8]) -> Result<usize> {
        check(unsafe { raw::asset_write(self.0, at(b.as_ptr()), b.len() as u32) }).map(|n| n as usize)
    }

    /// Saves the file and says where: a map of type, subfolder and filename.
    pub fn commit(self) -> Result<Value> {
        decode(&fetch(1024, |out, cap| unsafe { raw::asset_commit(self.0, out, cap) })?)
    }
}

/// Saves the body of a route's request, what is left of an answer, or a file: id is its handle. No byte of it crosses.
pub fn store(id: i64, name: &str) -> Result<Value> {
    decode(&fetch(1024, |out, cap| unsafe { raw::asset_store(id, at(name.as_ptr()), name.len() as u32, out, cap) })?)
}

/// Saves the pictures of a batch, a file each, and says where. form is a map of format ("png", "jpeg", "webp"), quality, level
/// and text; an empty one is a PNG.
pub fn image_save(image: &Image, name: &str, form: Value) -> Result<Vec<Value>> {
    let b = form.with("image", Value::Handle(bind::KIND_IMAGE, image.id())).with("name", name).encode();
    let v = decode(&fetch(4096, |out, cap| unsafe { raw::image_save(at(b.as_ptr()), b.len() as u32, out, cap) })?)?;
    Ok(v.items().to_vec())
}
