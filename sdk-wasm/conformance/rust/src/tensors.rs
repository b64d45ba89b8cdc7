//! The functions of the module cocoon1_tensor.

use crate::{float, int, ints, plain, tensor, Step, DONE};
use cocoon_guest::*;

fn info(t: Tensor) -> Result<Value> {
    let i = t.info()?;
    let shape: Vec<Value> = i.shape().iter().map(|d| Value::Int(*d)).collect();
    Ok(Value::map()
        .with("dtype", i.dtype)
        .with("shape", shape)
        .with("bytes", i.bytes as i64)
        .with("kind", i.kind)
        .with("contiguous", i.contiguous))
}

/// Takes inputs, instructions [kind, arguments, integers, floats, shape or null] and outputs. Arguments and outputs count the
/// inputs first and then the results.
fn graph(a: &[Value]) -> Result<Value> {
    let mut g = Graph::new();
    let mut refs: Vec<Ref> = a[0].items().iter().map(|t| g.input(&tensor(t))).collect();
    for v in a[1].items() {
        let x = v.items();
        let args: Vec<Ref> = ints(&x[1]).into_iter().map(|n| refs[n as usize]).collect();
        let floats: Vec<f64> = x[3].items().iter().map(float).collect();
        let shape = ints(&x[4]);
        let attr = Attr { ints: &ints(&x[2]), floats: &floats, shape: if x[4] == Value::Null { None } else { Some(&shape) } };
        refs.push(g.op_with(int(&x[0]) as u16, &args, attr));
    }
    let outputs: Vec<Ref> = ints(&a[2]).into_iter().map(|n| refs[n as usize]).collect();
    Ok(Value::List(g.run(&outputs)?.into_iter().map(plain).collect()))
}

fn rect(v: &Value) -> Rect {
    let n = ints(v);
    Rect { item: n[0] as u32, y: n[1] as u32, x: n[2] as u32, height: n[3] as u32, width: n[4] as u32 }
}

fn bytes(n: &Value, read: impl FnOnce(&mut [u8]) -> Result<usize>) -> Result<Value> {
    let mut b = vec![0u8; int(n) as usize];
    let got = read(&mut b)?;
    b.truncate(got);
    Ok(b.into())
}

fn write(w: &mut Window, b: &[u8]) {
    for (to, from) in w.elems_mut()[..b.len() / 4].iter_mut().zip(b.chunks_exact(4)) {
        *to = f32::from_le_bytes([from[0], from[1], from[2], from[3]]);
    }
}

/// By name.
pub const OPS: &[(&str, Step)] = &[
    ("t_new", |_, a| Tensor::new(int(&a[0]) as u32, &ints(&a[1]), float(&a[2])).map(plain)),
    ("t_info", |_, a| info(tensor(&a[0]))),
    ("t_cast", |_, a| tensor(&a[0]).cast(int(&a[1]) as u32).map(plain)),
    ("t_slice", |_, a| tensor(&a[0]).slice(int(&a[1]) as u32, int(&a[2]), int(&a[3])).map(plain)),
    ("t_permute", |_, a| {
        let order: Vec<u32> = ints(&a[1]).into_iter().map(|n| n as u32).collect();
        tensor(&a[0]).permute(&order).map(plain)
    }),
    ("t_reshape", |_, a| tensor(&a[0]).reshape(&ints(&a[1])).map(plain)),
    ("t_graph", |_, a| graph(a)),
    ("t_read", |_, a| bytes(&a[2], |b| tensor(&a[0]).read(b, int(&a[1])))),
    ("t_write", |_, a| tensor(&a[0]).write(a[2].bytes(), int(&a[1])).map(|_| DONE)),
    ("t_read_rect", |_, a| bytes(&a[2], |b| tensor(&a[0]).read_rect(b, rect(&a[1])))),
    ("t_write_rect", |_, a| tensor(&a[0]).write_rect(a[2].bytes(), rect(&a[1])).map(|_| DONE)),
    ("t_map", |m, a| tensor(&a[0]).map().map(|w| m.open(w))),
    ("t_map_out", |m, a| Window::new(&ints(&a[0])).map(|w| m.open(w))),
    ("w_read", |m, a| {
        let w = m.window(&a[0]).as_ref().unwrap();
        Ok(w.elems().iter().flat_map(|f| f.to_le_bytes()).collect::<Vec<u8>>().into())
    }),
    ("w_write", |m, a| {
        write(m.window(&a[0]).as_mut().unwrap(), a[1].bytes());
        Ok(Value::Null)
    }),
    ("t_commit", |m, a| m.window(&a[0]).take().unwrap().commit().map(plain)),
    ("t_unmap", |m, a| {
        m.window(&a[0]).take().unwrap().close();
        Ok(DONE)
    }),
];
