use crate::bind::{self, host as raw};
use crate::error::check;
use crate::heap::{pages, PAGE};
use crate::host::at;
use crate::{Error, Result};
use core::ops::Deref;

/// A tensor that stays with the host. It is valid until the call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Tensor(pub i64);

/// F32 \[batch, height, width, channels\], 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image(pub Tensor);

/// F32 \[batch, height, width\], 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask(pub Tensor);

/// Latents with what samplers must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latent(pub i64);

/// What is known of a tensor.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// One of [`bind`]'s DTYPE numbers.
    pub dtype: u32,
    /// Elements times their size.
    pub bytes: usize,
    shape: [i64; bind::MAX_DIMS],
    rank: usize,
}

impl Info {
    /// The sizes, outermost first.
    pub fn shape(&self) -> &[i64] {
        &self.shape[..self.rank]
    }
}

impl Tensor {
    /// A tensor filled with one value.
    pub fn new(dtype: u32, shape: &[i64], value: f64) -> Result<Tensor> {
        check(unsafe { raw::t_new(dtype, shape.len() as u32, at(shape.as_ptr()), value) }).map(Tensor)
    }

    /// The number that the host knows the tensor by.
    pub fn id(&self) -> i64 {
        self.0
    }

    /// Asks the host for dtype and shape.
    pub fn info(&self) -> Result<Info> {
        let mut i = bind::TensorInfo::default();
        check(unsafe { raw::t_info(self.0, at(core::ptr::addr_of_mut!(i))) } as i64)?;
        Ok(Info { dtype: i.dtype, bytes: i.bytes as usize, shape: i.shape, rank: (i.rank as usize).min(bind::MAX_DIMS) })
    }

    /// The tensor in another dtype.
    pub fn cast(&self, dtype: u32) -> Result<Tensor> {
        check(unsafe { raw::t_cast(self.0, dtype) }).map(Tensor)
    }

    /// A view of a range of one dimension.
    pub fn slice(&self, axis: u32, from: i64, to: i64) -> Result<Tensor> {
        check(unsafe { raw::t_slice(self.0, axis, from, to) }).map(Tensor)
    }

    /// A view with the dimensions in another order.
    pub fn permute(&self, order: &[u32]) -> Result<Tensor> {
        check(unsafe { raw::t_permute(self.0, at(order.as_ptr()), order.len() as u32) }).map(Tensor)
    }

    /// The elements under another shape.
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
        check(unsafe { raw::t_reshape(self.0, shape.len() as u32, at(shape.as_ptr())) }).map(Tensor)
    }

    /// Gives the tensor back before the call ends.
    pub fn drop_now(self) {
        unsafe { raw::h_drop(self.0) }
    }

    /// The tensor as a batch of pictures.
    pub fn image(&self) -> Result<Image> {
        check(unsafe { raw::h_make(bind::KIND_IMAGE, self.0) }).map(|h| Image(Tensor(h)))
    }

    /// The tensor as a batch of masks.
    pub fn mask(&self) -> Result<Mask> {
        check(unsafe { raw::h_make(bind::KIND_MASK, self.0) }).map(|h| Mask(Tensor(h)))
    }

    /// The tensor as latents.
    pub fn latent(&self) -> Result<Latent> {
        check(unsafe { raw::h_make(bind::KIND_LATENT, self.0) }).map(Latent)
    }

    /// Shows the elements, which must be F32, to be read. Nothing is copied where the host can share memory.
    pub fn map(&self) -> Result<Window> {
        let i = self.info()?;
        if i.dtype != bind::DTYPE_F32 {
            return Err(Error::of(bind::EUNSUP));
        }
        let size = i.bytes.max(1).div_ceil(PAGE) * PAGE;
        let p = pages(size / PAGE);
        let n = check(unsafe { raw::t_map(self.0, p as u32, size as u32) })? as usize;
        Ok(Window { at: p, len: n / 4 })
    }
}

impl Deref for Image {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.0
    }
}

impl Deref for Mask {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.0
    }
}

impl Latent {
    /// A part: "samples" or "noise_mask".
    pub fn part(&self, key: &str) -> Result<Tensor> {
        check(unsafe { raw::h_get(self.0, at(key.as_ptr()), key.len() as u32) }).map(Tensor)
    }
}

/// The F32 elements of a tensor in the module's memory. What a window of [`Tensor::map`] writes stays in the module.
pub struct Window {
    at: usize,
    len: usize,
}

impl Window {
    /// The elements of a new tensor, all 0, to be written; [`Window::commit`] makes it a tensor.
    pub fn new(shape: &[i64]) -> Result<Window> {
        let len = shape.iter().try_fold(1usize, |n, d| usize::try_from(*d).ok().and_then(|d| n.checked_mul(d)));
        let len = len.filter(|n| *n > 0 && *n < (1 << 29)).ok_or(Error::of(bind::ETOOBIG))?;
        let size = (len * 4).div_ceil(PAGE) * PAGE;
        let p = pages(size / PAGE);
        check(unsafe { raw::t_map_out(bind::DTYPE_F32, shape.len() as u32, at(shape.as_ptr()), p as u32, size as u32) })?;
        Ok(Window { at: p, len })
    }

    /// The elements.
    pub fn elems(&self) -> &[f32] {
        unsafe { core::slice::from_raw_parts(self.at as *const f32, self.len) }
    }

    /// The elements, to be written.
    pub fn elems_mut(&mut self) -> &mut [f32] {
        unsafe { core::slice::from_raw_parts_mut(self.at as *mut f32, self.len) }
    }

    /// Ends a window of [`Window::new`] and gives the tensor.
    pub fn commit(self) -> Result<Tensor> {
        check(unsafe { raw::t_commit(self.at as u32) }).map(Tensor)
    }

    /// Ends the window and leaves nothing.
    pub fn close(self) {
        unsafe { raw::t_unmap(self.at as u32) };
    }
}
