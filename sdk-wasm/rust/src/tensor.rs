use crate::bind::{self, host as raw};
use crate::error::check;
use crate::heap::{place, spare, PAGE};
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
    /// One of [`bind`]'s KIND numbers.
    pub kind: u32,
    /// Whether the elements lie in order, not as a view of others.
    pub contiguous: bool,
    shape: [i64; 8],
    rank: usize,
}

impl Info {
    /// The sizes, outermost first.
    pub fn shape(&self) -> &[i64] {
        &self.shape[..self.rank]
    }
}

/// A rectangle of one picture of a batch, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Which picture.
    pub item: u32,
    /// The first line.
    pub y: u32,
    /// The first column.
    pub x: u32,
    /// Lines.
    pub height: u32,
    /// Columns.
    pub width: u32,
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
        let rank = (i.rank as usize).min(8);
        Ok(Info { dtype: i.dtype, bytes: i.bytes as usize, kind: i.kind, contiguous: i.flags & 1 != 0, shape: i.shape, rank })
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

    /// Copies bytes from an offset on into b: how many.
    pub fn read(&self, b: &mut [u8], offset: i64) -> Result<usize> {
        check(unsafe { raw::t_read(self.0, offset, at(b.as_mut_ptr()), b.len() as u32) }).map(|n| n as usize)
    }

    /// Copies bytes into a tensor of [`Tensor::new`] that nothing else has seen.
    pub fn write(&self, b: &[u8], offset: i64) -> Result<()> {
        check(unsafe { raw::t_write(self.0, offset, at(b.as_ptr()), b.len() as u32) }).map(drop)
    }

    /// Copies a rectangle of one picture of a batch into b: how many bytes.
    pub fn read_rect(&self, b: &mut [u8], r: Rect) -> Result<usize> {
        let n = unsafe { raw::t_read_rect(self.0, r.item, r.y, r.x, r.height, r.width, at(b.as_mut_ptr()), b.len() as u32) };
        check(n).map(|n| n as usize)
    }

    /// The reverse of [`Tensor::read_rect`], under the rule of [`Tensor::write`].
    pub fn write_rect(&self, b: &[u8], r: Rect) -> Result<()> {
        check(unsafe { raw::t_write_rect(self.0, r.item, r.y, r.x, r.height, r.width, at(b.as_ptr()), b.len() as u32) }).map(drop)
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
        let p = place(size)?;
        match check(unsafe { raw::t_map(self.0, p as u32, size as u32) }) {
            Ok(n) => Ok(Window { at: p, len: n as usize / 4, size }),
            Err(e) => {
                spare(p, size);
                Err(e)
            }
        }
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
    size: usize,
}

impl Window {
    /// The elements of a new tensor, all 0, to be written; [`Window::commit`] makes it a tensor.
    pub fn new(shape: &[i64]) -> Result<Window> {
        let len = shape.iter().try_fold(1usize, |n, d| usize::try_from(*d).ok().and_then(|d| n.checked_mul(d)));
        let len = len.filter(|n| *n > 0 && *n < (1 << 29)).ok_or(Error::of(bind::ETOOBIG))?;
        let size = (len * 4).div_ceil(PAGE) * PAGE;
        let p = place(size)?;
        match check(unsafe { raw::t_map_out(bind::DTYPE_F32, shape.len() as u32, at(shape.as_ptr()), p as u32, size as u32) }) {
            Ok(_) => Ok(Window { at: p, len, size }),
            Err(e) => {
                spare(p, size);
                Err(e)
            }
        }
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
        let h = unsafe { raw::t_commit(self.at as u32) };
        spare(self.at, self.size);
        check(h).map(Tensor)
    }

    /// Ends the window and leaves nothing.
    pub fn close(self) {
        unsafe { raw::t_unmap(self.at as u32) };
        spare(self.at, self.size);
    }
}
