//! Complex numbers side by side in vectors, real and imaginary parts apart, and small transforms of them.
//!
//! All of it is inlined into a function compiled for the vectors at hand. Closures and functions of the standard library are
//! not, unless the compiler chooses to: hence plain loops.

use pulp::{Simd, bytemuck};

/// Real and imaginary parts.
pub(crate) type Pair<S> = [<S as Simd>::f32s; 2];

/// Points of the transforms there are, rising.
pub(crate) const RADICES: [usize; 7] = [2, 3, 4, 5, 6, 8, 9];

/// Most lanes a vector has.
pub(crate) const LANES: usize = 16;

/// Zeros.
#[inline(always)]
pub(crate) fn dark<S: Simd>(simd: S) -> Pair<S> {
    [simd.splat_f32s(0.0); 2]
}

/// Complex numbers, at most as many as there are lanes, real and imaginary part one behind the other; the rest is zero.
///
/// Lanes have an order of their own, which [`store`] undoes.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, numbers: &[f32]) -> Pair<S> {
    let mut padded = [0.0; 2 * LANES];
    let whole = numbers.len() == 2 * S::F32_LANES;
    let numbers = if whole { numbers } else { pad(numbers, &mut padded) };
    let (vectors, _) = S::as_simd_f32s(numbers);
    simd.deinterleave_shfl_f32s([vectors[0], vectors[1]])
}

/// The way back of [`load`], as many numbers as there is room for.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, pair: Pair<S>, numbers: &mut [f32]) {
    let parts: Pair<S> = simd.interleave_shfl_f32s(pair);
    if numbers.len() == 2 * S::F32_LANES {
        let (vectors, _) = S::as_mut_simd_f32s(numbers);
        vectors[0] = parts[0];
        vectors[1] = parts[1];
    } else {
        cut(bytemuck::cast_slice(&parts), numbers);
    }
}

/// `numbers` with zeros behind them. Apart, so that the loops around [`load`] stay small enough to be unrolled.
#[cold]
#[inline(never)]
fn pad<'a>(numbers: &[f32], padded: &'a mut [f32; 2 * LANES]) -> &'a [f32] {
    padded[..numbers.len()].copy_from_slice(numbers);
    padded
}

/// The first of `parts`, as many as there is room for.
#[cold]
#[inline(never)]
fn cut(parts: &[f32], numbers: &mut [f32]) {
    numbers.copy_from_slice(&parts[..numbers.len()]);
}

/// a b.
#[inline(always)]
pub(crate) fn product<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    let crossed = [simd.mul_f32s(a[1], b[1]), simd.mul_f32s(a[1], b[0])];
    [simd.mul_add_e_f32s(a[0], b[0], simd.neg_f32s(crossed[0])), simd.mul_add_e_f32s(a[0], b[1], crossed[1])]
}

#[inline(always)]
fn add<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.add_f32s(a[0], b[0]), simd.add_f32s(a[1], b[1])]
}

#[inline(always)]
fn sub<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.sub_f32s(a[0], b[0]), simd.sub_f32s(a[1], b[1])]
}

/// a - i b and a + i b.
#[inline(always)]
fn aside<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> [Pair<S>; 2] {
    [
        [simd.add_f32s(a[0], b[1]), simd.sub_f32s(a[1], b[0])],
        [simd.sub_f32s(a[0], b[1]), simd.add_f32s(a[1], b[0])],
    ]
}

/// a + factor b.
#[inline(always)]
fn plus<S: Simd>(simd: S, a: Pair<S>, factor: S::f32s, b: Pair<S>) -> Pair<S> {
    [simd.mul_add_e_f32s(factor, b[0], a[0]), simd.mul_add_e_f32s(factor, b[1], a[1])]
}

#[inline(always)]
fn scaled<S: Simd>(simd: S, factor: S::f32s, a: Pair<S>) -> Pair<S> {
    [simd.mul_f32s(factor, a[0]), simd.mul_f32s(factor, a[1])]
}

#[inline(always)]
fn dft3<S: Simd>(simd: S, [a, b, c]: [Pair<S>; 3]) -> [Pair<S>; 3] {
    let sine = simd.splat_f32s(0.866_025_4); // of 60 degrees
    let sum = add(simd, b, c);
    let difference = scaled(simd, sine, sub(simd, b, c));
    let [second, third] = aside(simd, plus(simd, a, simd.splat_f32s(-0.5), sum), difference);
    [add(simd, a, sum), second, third]
}

#[inline(always)]
fn dft4<S: Simd>(simd: S, [a, b, c, d]: [Pair<S>; 4]) -> [Pair<S>; 4] {
    let (even, odd) = (add(simd, a, c), add(simd, b, d));
    let [second, fourth] = aside(simd, sub(simd, a, c), sub(simd, b, d));
    [add(simd, even, odd), second, sub(simd, even, odd), fourth]
}

#[inline(always)]
fn dft5<S: Simd>(simd: S, [a, b, c, d, e]: [Pair<S>; 5]) -> [Pair<S>; 5] {
    // Cosines and sines of 72 and 144 degrees.
    let (c1, c2) = (simd.splat_f32s(0.309_017), simd.splat_f32s(-0.809_017));
    let (s1, s2) = (simd.splat_f32s(0.951_056_5), simd.splat_f32s(0.587_785_25));
    let (outer, inner) = (add(simd, b, e), add(simd, c, d));
    let (outside, inside) = (sub(simd, b, e), sub(simd, c, d));
    let first = plus(simd, plus(simd, a, c1, outer), c2, inner);
    let second = plus(simd, plus(simd, a, c2, outer), c1, inner);
    let first_aside = plus(simd, scaled(simd, s1, outside), s2, inside);
    let second_aside = plus(simd, scaled(simd, s2, outside), simd.neg_f32s(s1), inside);
    let [y1, y4] = aside(simd, first, first_aside);
    let [y2, y3] = aside(simd, second, second_aside);
    [add(simd, a, add(simd, outer, inner)), y1, y2, y3, y4]
}

/// 2 x 3 points, by the numbering of Good (J. R. Stat. Soc. B 20, 361 (1958)): no factors between.
#[inline(always)]
fn dft6<S: Simd>(simd: S, [a, b, c, d, e, f]: [Pair<S>; 6]) -> [Pair<S>; 6] {
    let ([a0, a1, a2], [b0, b1, b2]) = (dft3(simd, [a, c, e]), dft3(simd, [d, f, b]));
    [
        add(simd, a0, b0),
        sub(simd, a1, b1),
        add(simd, a2, b2),
        sub(simd, a0, b0),
        add(simd, a1, b1),
        sub(simd, a2, b2),
    ]
}

/// 2 x 4 points.
#[inline(always)]
fn dft8<S: Simd>(simd: S, [a, b, c, d, e, f, g, h]: [Pair<S>; 8]) -> [Pair<S>; 8] {
    let [a0, a1, a2, a3] = dft4(simd, [a, c, e, g]);
    let [b0, b1, b2, b3] = dft4(simd, [b, d, f, h]);
    let root = simd.splat_f32s(std::f32::consts::FRAC_1_SQRT_2);
    // Times exp(-i pi/4) and exp(-i 3 pi/4).
    let b1 = scaled(simd, root, [simd.add_f32s(b1[0], b1[1]), simd.sub_f32s(b1[1], b1[0])]);
    let b3 = scaled(simd, root, [simd.sub_f32s(b3[1], b3[0]), simd.neg_f32s(simd.add_f32s(b3[0], b3[1]))]);
    let [y2, y6] = aside(simd, a2, b2);
    [
        add(simd, a0, b0),
        add(simd, a1, b1),
        y2,
        add(simd, a3, b3),
        sub(simd, a0, b0),
        sub(simd, a1, b1),
        y6,
        sub(simd, a3, b3),
    ]
}

/// 3 x 3 points.
#[inline(always)]
fn dft9<S: Simd>(simd: S, x: [Pair<S>; 9]) -> [Pair<S>; 9] {
    let a = dft3(simd, [x[0], x[3], x[6]]);
    let b = dft3(simd, [x[1], x[4], x[7]]);
    let c = dft3(simd, [x[2], x[5], x[8]]);
    // exp(-i 2 pi k/9) for k = 1, 2, 4.
    let w1 = [simd.splat_f32s(0.766_044_44), simd.splat_f32s(-0.642_787_6)];
    let w2 = [simd.splat_f32s(0.173_648_18), simd.splat_f32s(-0.984_807_7)];
    let w4 = [simd.splat_f32s(-0.939_692_6), simd.splat_f32s(-0.342_020_14)];
    let [y0, y3, y6] = dft3(simd, [a[0], b[0], c[0]]);
    let [y1, y4, y7] = dft3(simd, [a[1], product(simd, b[1], w1), product(simd, c[1], w2)]);
    let [y2, y5, y8] = dft3(simd, [a[2], product(simd, b[2], w2), product(simd, c[2], w4)]);
    [y0, y1, y2, y3, y4, y5, y6, y7, y8]
}

/// The transform of R numbers, one of [`RADICES`], in place: forward, without a factor.
#[inline(always)]
pub(crate) fn dft<S: Simd, const R: usize>(simd: S, x: &mut [Pair<S>; R]) {
    // R is a constant: one of these is left.
    match R {
        2 => {
            let sum = add(simd, x[0], x[1]);
            x[1] = sub(simd, x[0], x[1]);
            x[0] = sum;
        }
        3 => {
            let y = dft3(simd, [x[0], x[1], x[2]]);
            x.copy_from_slice(&y);
        }
        4 => {
            let y = dft4(simd, [x[0], x[1], x[2], x[3]]);
            x.copy_from_slice(&y);
        }
        5 => {
            let y = dft5(simd, [x[0], x[1], x[2], x[3], x[4]]);
            x.copy_from_slice(&y);
        }
        6 => {
            let y = dft6(simd, [x[0], x[1], x[2], x[3], x[4], x[5]]);
            x.copy_from_slice(&y);
        }
        8 => {
            let y = dft8(simd, [x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]]);
            x.copy_from_slice(&y);
        }
        _ => {
            let y = dft9(simd, [x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]]);
            x.copy_from_slice(&y);
        }
    }
}
