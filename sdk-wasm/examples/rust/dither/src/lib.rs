//! Dither draws a picture with few levels a channel and spreads the error (Floyd and Steinberg, 1976). Each pixel depends on
//! the ones before it, so no graph can do it: the loop runs here, over windows on the host's memory.
#![no_std]
use cocoon_guest::*;

node! {
    /// Draws a picture with few levels a channel and spreads the error.
    pub DITHER: "ExampleDitherRust" ("Dither (Rust)", "examples/rust") {
        image: Image,
        levels: i64 = whole(2).between(2, 256),
    } -> (Image) = dither
}

fn dither(image: Image, levels: i64) -> Result<Image> {
    let info = image.info()?;
    let (from, mut to) = (image.map()?, Window::new(info.shape())?);
    to.elems_mut().copy_from_slice(from.elems());
    let (height, ch) = (info.shape()[1] as usize, info.shape()[3] as usize);
    let row = info.shape()[2] as usize * ch;
    for picture in to.elems_mut().chunks_exact_mut(height * row) {
        spread(picture, row, ch, levels as f32 - 1.0);
    }
    from.close();
    to.commit()?.image()
}

fn spread(picture: &mut [f32], row: usize, ch: usize, top: f32) {
    for i in 0..picture.len() {
        let want = picture[i].clamp(0.0, 1.0);
        let got = (want * top + 0.5) as i32 as f32 / top;
        let err = want - got;
        picture[i] = got;
        let x = i % row;
        if x + ch < row {
            picture[i + ch] += err * (7.0 / 16.0);
        }
        let Some(below) = picture.get_mut(i + row - ch..) else { continue };
        if below.len() <= ch {
            continue; // the last line
        }
        if x >= ch {
            below[0] += err * (3.0 / 16.0);
        }
        below[ch] += err * (5.0 / 16.0);
        if x + ch < row {
            below[2 * ch] += err * (1.0 / 16.0);
        }
    }
}

extension! { nodes: [DITHER], routes: [] }
