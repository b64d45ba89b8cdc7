use crate::bind::{self, host as raw};
use crate::error::check;
use crate::host::at;
use crate::{Result, Tensor};
use alloc::vec::Vec;

/// A small program over tensors that the host runs in one call: no pixel crosses.
#[derive(Default)]
pub struct Graph {
    inputs: Vec<i64>,
    instrs: Vec<bind::GraphInstr>,
    ints: Vec<i64>,
    floats: Vec<f64>,
    args: Vec<Ref>,
}

/// A value of a [`Graph`].
#[derive(Clone, Copy, Debug)]
pub struct Ref {
    n: u32,
    result: bool,
}

/// What an op needs besides its arguments: constants, and the result's shape where it does not follow from the arguments.
#[derive(Clone, Copy, Default)]
pub struct Attr<'a> {
    /// Integer constants.
    pub ints: &'a [i64],
    /// Float constants.
    pub floats: &'a [f64],
    /// The result's shape.
    pub shape: Option<&'a [i64]>,
}

/// A method of [`Graph::resize`].
pub const NEAREST: i64 = 0;
/// A method of [`Graph::resize`], by the middles of pixels.
pub const NEAREST_EXACT: i64 = 1;
/// A method of [`Graph::resize`].
pub const BILINEAR: i64 = 2;
/// A method of [`Graph::resize`].
pub const BICUBIC: i64 = 3;
/// A method of [`Graph::resize`], for smaller sizes.
pub const AREA: i64 = 4;

impl Graph {
    /// An empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Makes a tensor a value of the graph.
    pub fn input(&mut self, t: &Tensor) -> Ref {
        self.inputs.push(t.0);
        Ref { n: self.inputs.len() as u32 - 1, result: false }
    }

    /// A number as a value of the graph, for ops that broadcast.
    pub fn scalar(&mut self, v: f64) -> Result<Ref> {
        Ok(self.input(&Tensor::new(bind::DTYPE_F32, &[1], v)?))
    }

    /// Adds an op without constants: one of [`bind`]'s T numbers.
    pub fn op(&mut self, kind: u16, args: &[Ref]) -> Ref {
        self.op_with(kind, args, Attr::default())
    }

    /// Adds an op.
    pub fn op_with(&mut self, kind: u16, args: &[Ref], a: Attr) -> Ref {
        let mut i = bind::GraphInstr {
            kind,
            args: args.len() as u8,
            rank: 255,
            args_at: self.args.len() as u32,
            ints_at: self.ints.len() as u32,
            ints: a.ints.len() as u16,
            floats: a.floats.len() as u16,
            floats_at: self.floats.len() as u32,
            ..Default::default()
        };
        self.args.extend_from_slice(args);
        self.ints.extend_from_slice(a.ints);
        self.floats.extend_from_slice(a.floats);
        if let Some(s) = a.shape {
            i.rank = s.len() as u8;
            i.shape_at = self.ints.len() as u32;
            self.ints.extend_from_slice(s);
        }
        self.instrs.push(i);
        Ref { n: self.instrs.len() as u32 - 1, result: true }
    }

    /// x*scale + add.
    pub fn affine(&mut self, x: Ref, scale: f64, add: f64) -> Ref {
        self.op_with(bind::T_AFFINE, &[x], Attr { floats: &[scale, add], ..Attr::default() })
    }

    /// x kept in low..=high.
    pub fn clamp(&mut self, x: Ref, low: f64, high: f64) -> Ref {
        self.op_with(bind::T_CLAMP, &[x], Attr { floats: &[low, high], ..Attr::default() })
    }

    /// Pictures in another size; shape is the whole of it: batch, height, width, channels.
    pub fn resize(&mut self, x: Ref, method: i64, shape: &[i64]) -> Ref {
        self.op_with(bind::T_RESIZE, &[x], Attr { ints: &[method], shape: Some(shape), ..Attr::default() })
    }

    /// x + y, broadcast.
    pub fn add(&mut self, x: Ref, y: Ref) -> Ref {
        self.op(bind::T_ADD, &[x, y])
    }

    /// x - y, broadcast.
    pub fn sub(&mut self, x: Ref, y: Ref) -> Ref {
        self.op(bind::T_SUB, &[x, y])
    }

    /// x * y, broadcast.
    pub fn mul(&mut self, x: Ref, y: Ref) -> Ref {
        self.op(bind::T_MUL, &[x, y])
    }

    /// x / y, broadcast.
    pub fn div(&mut self, x: Ref, y: Ref) -> Ref {
        self.op(bind::T_DIV, &[x, y])
    }

    /// x + t*(y-x), broadcast.
    pub fn lerp(&mut self, x: Ref, y: Ref, t: Ref) -> Ref {
        self.op(bind::T_LERP, &[x, y, t])
    }

    fn number(&self, r: Ref) -> u32 {
        r.n + if r.result { self.inputs.len() as u32 } else { 0 }
    }

    /// Runs the graph and gives the tensors of values.
    pub fn run(&self, outputs: &[Ref]) -> Result<Vec<Tensor>> {
        let mut b: Vec<u8> = Vec::new();
        for n in [1, self.inputs.len(), self.instrs.len(), self.ints.len(), self.floats.len(), self.args.len(), outputs.len(), 0] {
            b.extend_from_slice(&(n as u32).to_le_bytes());
        }
        self.inputs.iter().for_each(|h| b.extend_from_slice(&h.to_le_bytes()));
        for i in &self.instrs {
            let raw = i as *const bind::GraphInstr as *const u8;
            b.extend_from_slice(unsafe { core::slice::from_raw_parts(raw, core::mem::size_of::<bind::GraphInstr>()) });
        }
        self.ints.iter().for_each(|n| b.extend_from_slice(&n.to_le_bytes()));
        self.floats.iter().for_each(|f| b.extend_from_slice(&f.to_le_bytes()));
        self.args.iter().chain(outputs).for_each(|r| b.extend_from_slice(&self.number(*r).to_le_bytes()));
        let mut out = alloc::vec![Tensor(0); outputs.len()];
        check(unsafe { raw::t_graph(at(b.as_ptr()), b.len() as u32, at(out.as_mut_ptr()), 8 * out.len() as u32) })?;
        Ok(out)
    }

    /// Runs the graph for one value.
    pub fn one(&self, output: Ref) -> Result<Tensor> {
        Ok(self.run(&[output])?[0])
    }
}
