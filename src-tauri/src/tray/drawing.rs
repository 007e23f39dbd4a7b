//! The icon and the marks as pictures, drawn here: sharp at every size, on dark and on light panels.
//!
//! Shapes are distances to their edge on a field of 24 by 24, as icons/icon.svg has it.

use daypass_domain::settings::Colour;

use super::{
    icon::{Face, Icon},
    menu::Mark,
};

const FIELD: f32 = 24.0;
const CENTRE: (f32, f32) = (12.0, 12.0);
/// How wide the dark line around each shape is: on a light panel it is what one sees.
const OUTLINE: f32 = 1.5;

type Rgb = [u8; 3];
const DARK: Rgb = [0x10, 0x15, 0x1c];
const PALE: Rgb = [0xe6, 0xeb, 0xf2];
const GREEN: Rgb = [0x3e, 0xcf, 0x8e];
const AMBER: Rgb = [0xf5, 0xb8, 0x4b];
const BLUE: Rgb = [0x7a, 0xa2, 0xff];
const RED: Rgb = [0xff, 0x6b, 0x5e];

/// A square picture, four bytes a pixel: red, green, blue, opacity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Picture {
    pub(super) size: u16,
    pub(super) rgba: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Shape {
    Disc {
        at: (f32, f32),
        radius: f32,
    },
    Ring {
        radius: f32,
        width: f32,
    },
    /// A ring that is open towards the upper left, as the product's own.
    OpenRing {
        radius: f32,
        width: f32,
    },
    /// The upper right quarter of a disc: a last quarter of an hour.
    Quarter {
        radius: f32,
    },
    Line {
        from: (f32, f32),
        to: (f32, f32),
        width: f32,
    },
    /// Standing on its base.
    Triangle {
        at: (f32, f32),
        radius: f32,
    },
    Square {
        radius: f32,
        round: f32,
    },
}

impl Shape {
    /// How far a point is from the edge; less than zero inside.
    fn distance(self, (x, y): (f32, f32)) -> f32 {
        let (dx, dy) = (x - CENTRE.0, y - CENTRE.1);
        match self {
            Self::Disc { at, radius } => (x - at.0).hypot(y - at.1) - radius,
            Self::Ring { radius, width } => (dx.hypot(dy) - radius).abs() - width / 2.0,
            Self::OpenRing { radius, width } => {
                let ring = Self::Ring { radius, width }.distance((x, y));
                // A wedge of 70 degrees around the upper left diagonal.
                let along = (-dx - dy) * std::f32::consts::FRAC_1_SQRT_2;
                let across = (dx - dy).abs() * std::f32::consts::FRAC_1_SQRT_2;
                ring.max(along * 0.574 - across * 0.819)
            }
            Self::Quarter { radius } => (dx.hypot(dy) - radius).max(-dx).max(dy),
            Self::Line { from, to, width } => {
                let (lx, ly) = (to.0 - from.0, to.1 - from.1);
                let part = ((x - from.0) * lx + (y - from.1) * ly) / (lx * lx + ly * ly);
                let part = part.clamp(0.0, 1.0);
                (x - from.0 - lx * part).hypot(y - from.1 - ly * part) - width / 2.0
            }
            Self::Triangle { at, radius } => {
                let (tx, ty) = ((x - at.0).abs(), y - at.1);
                (tx * 0.866 - ty * 0.5).max(ty) - radius / 2.0
            }
            Self::Square { radius, round } => {
                let (qx, qy) = (dx.abs() - radius + round, dy.abs() - radius + round);
                qx.max(0.0).hypot(qy.max(0.0)) + qx.max(qy).min(0.0) - round
            }
        }
    }
}

/// Shapes one upon the other, the dark line around all of them beneath.
struct Layer<'a> {
    outline: f32,
    shapes: &'a [(Shape, Rgb)],
}

/// The icon, as panels ask for it.
pub(super) fn icon(icon: Icon, size: u16) -> Picture {
    let ring = |radius, width| Shape::Ring { radius, width };
    let line = |from, to, width| Shape::Line { from, to, width };
    let face: &[(Shape, Rgb)] = match icon.face {
        Face::Idle => &[(Shape::OpenRing { radius: 7.9, width: 2.8 }, PALE)],
        Face::Live => &[
            (Shape::Disc { at: CENTRE, radius: 9.3 }, GREEN),
            (line(CENTRE, (12.0, 6.4), 2.4), DARK),
            (line(CENTRE, (15.6, 14.2), 2.4), DARK),
        ],
        Face::Soon => &[(ring(8.2, 2.2), AMBER), (Shape::Quarter { radius: 7.4 }, AMBER)],
        Face::SignIn => &[
            (ring(8.6, 2.0), BLUE),
            (Shape::Disc { at: (12.0, 10.4), radius: 2.1 }, BLUE),
            (line((12.0, 11.0), (12.0, 15.0), 2.0), BLUE),
        ],
    };
    let badge = [
        (Shape::Triangle { at: (16.6, 18.8), radius: 6.6 }, RED),
        (line((16.6, 15.5), (16.6, 18.1), 1.7), DARK),
        (Shape::Disc { at: (16.6, 20.5), radius: 1.0 }, DARK),
    ];
    let badge: &[(Shape, Rgb)] = if icon.is_degraded { &badge } else { &[] };
    draw(size, &[Layer { outline: OUTLINE, shapes: face }, Layer { outline: OUTLINE, shapes: badge }])
}

/// What an account wears in the menu, as a PNG: a square for production, else a dot.
pub(super) fn mark(mark: Mark) -> Vec<u8> {
    let colour = match mark.colour {
        Colour::Red => [0xe5, 0x48, 0x3b],
        Colour::Orange => [0xe8, 0x83, 0x30],
        Colour::Yellow => [0xdb, 0xa0, 0x2c],
        Colour::Green => [0x23, 0xb3, 0x75],
        Colour::Teal => [0x1f, 0xb0, 0xb5],
        Colour::Blue => [0x4b, 0x7d, 0xf0],
        Colour::Violet => [0x97, 0x72, 0xec],
        Colour::Pink => [0xe0, 0x5f, 0xa8],
        Colour::Grey => [0x80, 0x8b, 0x9b],
    };
    let shape = if mark.is_production {
        Shape::Square { radius: 7.5, round: 1.5 }
    } else {
        Shape::Disc { at: CENTRE, radius: 6.0 }
    };
    png(&draw(16, &[Layer { outline: 0.0, shapes: &[(shape, colour)] }]))
}

fn draw(size: u16, layers: &[Layer<'_>]) -> Picture {
    let scale = f32::from(size) / FIELD;
    // A line thinner than a pixel would be a grey haze.
    let thinnest = |width: f32| if width > 0.0 { width.max(1.0 / scale) } else { 0.0 };
    let mut rgba = Vec::with_capacity(usize::from(size).pow(2) * 4);
    for (y, x) in (0..size).flat_map(|y| (0..size).map(move |x| (y, x))) {
        let at = ((f32::from(x) + 0.5) / scale, (f32::from(y) + 0.5) / scale);
        let mut pixel = [0.0; 4];
        for layer in layers {
            let edge = layer.shapes.iter().map(|(shape, _)| shape.distance(at)).fold(f32::MAX, f32::min);
            if layer.outline > 0.0 {
                lay(&mut pixel, DARK, (edge - thinnest(layer.outline)) * scale);
            }
            for (shape, colour) in layer.shapes {
                lay(&mut pixel, *colour, shape.distance(at) * scale);
            }
        }
        rgba.extend(to_bytes(pixel));
    }
    Picture { size, rgba }
}

/// Lays a colour over a pixel that is `distance` pixels from the edge of what has that colour.
fn lay(pixel: &mut [f32; 4], colour: Rgb, distance: f32) {
    let cover = (0.5 - distance).clamp(0.0, 1.0);
    let [red, green, blue] = colour.map(|part| f32::from(part) * cover);
    for (under, over) in pixel.iter_mut().zip([red, green, blue, cover]) {
        *under = *under * (1.0 - cover) + over;
    }
}

/// Colours are kept times their opacity while they are laid over each other.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
fn to_bytes([red, green, blue, opacity]: [f32; 4]) -> [u8; 4] {
    let part = |part: f32| (part / opacity.max(f32::EPSILON)).round().clamp(0.0, 255.0) as u8;
    [part(red), part(green), part(blue), (opacity * 255.0).round().clamp(0.0, 255.0) as u8]
}

fn png(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.size.into(), picture.size.into());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    // Without it the account goes unmarked, and its name says what it is.
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&picture.rgba));
    if written.is_ok() { bytes } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACES: [Face; 4] = [Face::Idle, Face::Live, Face::Soon, Face::SignIn];
    const SIZES: [u16; 5] = [16, 22, 24, 32, 48];

    fn every_icon() -> Vec<Icon> {
        let both = |face| [false, true].map(|is_degraded| Icon { face, is_degraded });
        FACES.into_iter().flat_map(both).collect()
    }

    /// How bright each pixel is on a panel as bright as that: what one sees who sees no colours.
    fn seen(picture: &Picture, panel: f32) -> Vec<f32> {
        let bright = |p: &[u8]| {
            let own = f32::from(p[0]) * 0.299 + f32::from(p[1]) * 0.587 + f32::from(p[2]) * 0.114;
            let cover = f32::from(p[3]) / 255.0;
            own * cover + panel * (1.0 - cover)
        };
        picture.rgba.chunks(4).map(bright).collect()
    }

    #[test]
    fn states_differ_without_their_colours_at_every_size_on_every_panel() {
        for size in SIZES {
            for panel in [20.0, 240.0] {
                let all: Vec<_> = every_icon().into_iter().map(|i| seen(&icon(i, size), panel)).collect();
                for (a, b) in
                    all.iter().enumerate().flat_map(|(n, a)| all[n + 1..].iter().map(move |b| (a, b)))
                {
                    let clear = a.iter().zip(b).filter(|(a, b)| (*a - *b).abs() > 60.0).count();
                    let share = clear * 100 / a.len();
                    assert!(
                        share >= 4,
                        "{size} px on {panel}: {share} % of the pixels tell two states apart"
                    );
                }
            }
        }
    }

    #[test]
    fn every_icon_stands_out_from_dark_and_light_panels() {
        for (size, which) in SIZES.into_iter().flat_map(|s| every_icon().into_iter().map(move |i| (s, i))) {
            for panel in [20.0, 240.0] {
                let seen = seen(&icon(which, size), panel);
                let clear = seen.iter().filter(|s| (*s - panel).abs() > 100.0).count();
                assert!(clear * 100 / seen.len() >= 12, "{which:?} at {size} px on {panel}");
            }
        }
    }

    #[test]
    fn production_has_a_mark_of_its_own_shape() {
        let of = |is_production| mark(Mark { colour: Colour::Red, is_production });
        assert!(of(true).starts_with(b"\x89PNG") && of(true) != of(false));
    }
}
