//! Glow lets light bleed into its surroundings. The pixels stay with the host, which runs the whole effect as one graph.
#![no_std]
use cocoon_guest::*;

node! {
    /// Lets light bleed into its surroundings.
    pub GLOW: "ExampleGlowRust" ("Glow (Rust)", "examples/rust") {
        image: Image,
        amount: f64 = number(0.5).range(0.0, 1.0).step(0.01).slider(),
        size: i64 = whole(8).between(1, 128).help("How far the light bleeds, in pixels."),
    } -> (Image) = glow
}

fn glow(image: Image, amount: f64, size: i64) -> Result<Image> {
    let info = image.info()?;
    let s = info.shape();
    let mut g = Graph::new();
    let x = g.input(&image);
    let small = g.resize(x, AREA, &[s[0], (s[1] / size).max(1), (s[2] / size).max(1), s[3]]);
    let blurred = g.resize(small, BILINEAR, s);
    // Screen: 1 - (1 - x) * (1 - amount * blurred).
    let (dark, shade) = (g.affine(x, -1.0, 1.0), g.affine(blurred, -amount, 1.0));
    let product = g.mul(dark, shade);
    let light = g.affine(product, -1.0, 1.0);
    let out = g.clamp(light, 0.0, 1.0);
    g.one(out)?.image()
}

extension! { nodes: [GLOW], routes: [] }
