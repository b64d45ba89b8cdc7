//! Repeat is a loop: a node that puts one step and itself, with one time less, in its own place.
#![no_std]
use cocoon_guest::*;

node! {
    /// Makes a picture darker or brighter, step by step.
    pub REPEAT: "ExampleRepeatRust" ("Repeat (Rust)", "examples/rust") {
        image: Image,
        factor: f64 = number(0.5).range(0.0, 2.0).step(0.01),
        times: i64 = whole(3).between(0, 8),
    } -> (Image) = repeat, flags: &["expands"]
}

node! {
    /// Multiplies a picture by a factor.
    pub STEP: "ExampleRepeatStepRust" ("Repeat, one step (Rust)", "examples/rust") {
        image: Image,
        factor: f64 = number(0.5).range(0.0, 2.0).step(0.01),
    } -> (Image) = step
}

fn repeat(image: Image, factor: f64, times: i64) -> Result<Reply> {
    if times == 0 {
        return Ok(Reply::new().output(image));
    }
    let nodes = Expansion::new()
        .add("step", "ExampleRepeatStepRust", vec![("image", image.to_value()), ("factor", factor.into())])
        .add("again", "ExampleRepeatRust", vec![("image", Value::link("step", 0)), ("factor", factor.into()), ("times", (times - 1).into())]);
    Ok(Reply::new().expand(nodes).output_link("again", 0))
}

fn step(image: Image, factor: f64) -> Result<Image> {
    let mut g = Graph::new();
    let x = g.input(&image);
    let out = g.affine(x, factor, 0.0);
    g.one(out)?.image()
}

extension! { nodes: [REPEAT, STEP], routes: [] }
