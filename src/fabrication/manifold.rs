//! Our own judge of closed surfaces: is a heap of triangles the skin of a solid?
//!
//! It trusts nothing but integer positions, and knows nothing of plates. The rule is local: around every vertex
//! the triangles must form one closed fan. Then every directed edge occurs once and its reverse once, no edge is
//! open or shared by more than two triangles, none is turned inside out against its neighbours, and no two
//! sheets touch in a single point.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::fabrication::mesh::{LARGEST_COORDINATE, Vertex};

/// A surface as it was read: triangles over welded vertices, with what can be summed on the way.
///
/// About 40 bytes a triangle, and 16 more while it is judged.
#[derive(Debug, Default)]
pub struct Surface {
    ids: HashMap<Vertex, u32, BuildHasherDefault<Fold>>,
    triangles: Vec<[u32; 3]>,
    six_volumes: i128,
    bounds: Option<(Vertex, Vertex)>,
    degenerate: Option<Vertex>,
}

/// Why a surface is not the skin of a solid, and at which vertex that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// No triangle at all.
    Empty,
    /// A triangle without area.
    DegenerateTriangle(Vertex),
    /// An edge that only one triangle has: the surface is open.
    OpenEdge(Vertex, Vertex),
    /// An edge that two triangles run along in the same direction: one of them is turned over, doubled, or there
    /// are more than two.
    RepeatedEdge(Vertex, Vertex),
    /// A vertex where two sheets touch in a point.
    PinchedVertex(Vertex),
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = "in 16ths of a pixel and quarter steps of height";
        match self {
            Defect::Empty => write!(f, "no triangles"),
            Defect::DegenerateTriangle(at) => write!(f, "a triangle without area at {at:?} ({scale})"),
            Defect::OpenEdge(from, to) => write!(f, "an open edge from {from:?} to {to:?} ({scale})"),
            Defect::RepeatedEdge(from, to) => {
                write!(f, "an edge used twice in one direction, from {from:?} to {to:?} ({scale})")
            }
            Defect::PinchedVertex(at) => write!(f, "two sheets that touch in the point {at:?} ({scale})"),
        }
    }
}

/// A flaw by vertex number, before its position is looked up.
#[derive(Clone, Copy)]
enum Flaw {
    Open(u32, u32),
    Repeated(u32, u32),
    Pinched(u32),
}

impl Surface {
    /// An empty surface with room for `triangles`.
    pub fn with_capacity(triangles: usize) -> Self {
        Surface {
            // A closed surface has half as many vertices as triangles.
            ids: HashMap::with_capacity_and_hasher(triangles / 2 + 2, BuildHasherDefault::default()),
            triangles: Vec::with_capacity(triangles),
            ..Surface::default()
        }
    }

    /// Adds a triangle, outward side counter-clockwise.
    ///
    /// # Errors
    /// [`Error::Value`] beyond 1.4 thousand million triangles, whose corners are numbered in 32 bits, and for a
    /// coordinate beyond [`LARGEST_COORDINATE`].
    pub fn add(&mut self, corners: [Vertex; 3]) -> Result<()> {
        if self.triangles.len() >= (u32::MAX / 3) as usize {
            return Err(Error::Value("a surface of more than 1.4 thousand million triangles".into()));
        }
        if corners.as_flattened().iter().any(|part| part.unsigned_abs() > LARGEST_COORDINATE.unsigned_abs()) {
            return Err(Error::Value(format!("a triangle at {corners:?}: beyond {LARGEST_COORDINATE}")));
        }
        let mut triangle = [0; 3];
        for (id, corner) in triangle.iter_mut().zip(corners) {
            let next = self.ids.len() as u32;
            *id = *self.ids.entry(corner).or_insert(next);
            let (near, far) = self.bounds.get_or_insert((corner, corner));
            for axis in 0..3 {
                near[axis] = near[axis].min(corner[axis]);
                far[axis] = far[axis].max(corner[axis]);
            }
        }
        self.triangles.push(triangle);
        let [a, b, c] = corners.map(|corner| corner.map(i64::from));
        let side = |from: [i64; 3], to: [i64; 3]| [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
        if cross(side(a, b), side(a, c)) == [0; 3] {
            self.degenerate.get_or_insert(corners[0]);
        }
        let normal = cross(b, c);
        self.six_volumes += (0..3).map(|axis| i128::from(a[axis]) * i128::from(normal[axis])).sum::<i128>();
        Ok(())
    }

    /// Number of triangles.
    pub fn triangles(&self) -> usize {
        self.triangles.len()
    }

    /// Number of distinct vertices.
    pub fn vertices(&self) -> usize {
        self.ids.len()
    }

    /// Six times the enclosed volume in the integer unit; it means something on a closed surface only.
    pub fn six_volumes(&self) -> i128 {
        self.six_volumes
    }

    /// Near and far corner of the bounding box; none without triangles.
    pub fn bounds(&self) -> Option<(Vertex, Vertex)> {
        self.bounds
    }

    /// Euler characteristic V - E + F of a closed surface: 2 for one solid without holes through it.
    pub fn euler_number(&self) -> i64 {
        // A closed surface has three edges for every two triangles.
        self.vertices() as i64 - self.triangles() as i64 / 2
    }

    /// Judges the surface.
    ///
    /// # Errors
    /// The first [`Defect`] in the order the vertices came.
    pub fn check(&self) -> std::result::Result<(), Defect> {
        if self.triangles.is_empty() {
            return Err(Defect::Empty);
        }
        if let Some(at) = self.degenerate {
            return Err(Defect::DegenerateTriangle(at));
        }
        // The corners of all triangles, gathered by vertex: those of vertex v are `corners[starts[v]..starts[v + 1]]`.
        let mut starts = vec![0_u32; self.vertices() + 1];
        for vertex in self.triangles.iter().flatten() {
            starts[*vertex as usize] += 1;
        }
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut corners = vec![0_u32; 3 * self.triangles.len()];
        for (corner, vertex) in self.triangles.as_flattened().iter().enumerate().rev() {
            let place = &mut starts[*vertex as usize];
            *place -= 1;
            corners[*place as usize] = corner as u32;
        }
        let flaw = (0..self.vertices())
            .into_par_iter()
            .with_min_len(4096)
            .map_init(Vec::new, |fan, vertex| {
                fan.clear();
                let own = starts[vertex] as usize..starts[vertex + 1] as usize;
                fan.extend(corners[own].iter().map(|&corner| {
                    let triangle = self.triangles[corner as usize / 3];
                    let place = corner as usize % 3;
                    (triangle[(place + 1) % 3], triangle[(place + 2) % 3])
                }));
                flaw_in_fan(vertex as u32, fan)
            })
            .find_first(Option::is_some)
            .flatten();
        match flaw {
            None => Ok(()),
            Some(Flaw::Open(from, to)) => Err(Defect::OpenEdge(self.position(from), self.position(to))),
            Some(Flaw::Repeated(from, to)) => {
                Err(Defect::RepeatedEdge(self.position(from), self.position(to)))
            }
            Some(Flaw::Pinched(at)) => Err(Defect::PinchedVertex(self.position(at))),
        }
    }

    /// Looks a vertex up by its number: slow, but only a wrong surface ever asks.
    fn position(&self, id: u32) -> Vertex {
        self.ids.iter().find(|(_, own)| **own == id).map_or([0; 3], |(position, _)| *position)
    }
}

/// What is wrong around `vertex`; each triangle there is given by its (next, previous) vertex.
fn flaw_in_fan(vertex: u32, fan: &mut [(u32, u32)]) -> Option<Flaw> {
    fan.sort_unstable();
    if let Some(pair) = fan.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Some(Flaw::Repeated(vertex, pair[0].0));
    }
    let find = |next: u32| fan.binary_search_by_key(&next, |triangle| triangle.0).ok();
    if let Some((_, previous)) = fan.iter().find(|(_, previous)| find(*previous).is_none()) {
        return Some(Flaw::Open(*previous, vertex));
    }
    // From triangle to triangle across the shared edges: a closed fan comes back after all of them.
    let first = fan.first()?.0;
    let (mut at, mut steps) = (first, 0);
    while let Some(place) = find(at) {
        at = fan[place].1;
        steps += 1;
        if at == first || steps > fan.len() {
            break;
        }
    }
    if steps == fan.len() {
        return None;
    }
    let mut into: Vec<u32> = fan.iter().map(|triangle| triangle.1).collect();
    into.sort_unstable();
    match into.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Some(Flaw::Repeated(pair[0], vertex)),
        None => Some(Flaw::Pinched(vertex)),
    }
}

fn cross(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// A quick hash of three integers; the standard one guards against hostile keys, which costs half the check.
#[derive(Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(4) {
            let word = word.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }

    fn finish(&self) -> u64 {
        // The table takes its low bits from the hash and the product is good in the high ones.
        self.0.rotate_left(29)
    }
}
