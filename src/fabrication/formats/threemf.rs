//! 3MF files: the solid of a plate with its unit, its name and what it is for.
//!
//! 3MF Core Specification 1.3, 3MF Consortium. One object a file, as printers take one plate after another. The
//! vertices stand where the plate is to lie, with its lowest x and y at 0, and the placement of the object moves
//! nothing: PrusaSlicer reads the shift of a placement in millimetres whatever the unit of the model is.

use std::collections::HashMap;
use std::io::{self, BufReader, Cursor, Read, Write};
use std::path::Path;

use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

use crate::error::{Error, Result};
use crate::fabrication::mesh::{PlateMesh, Vertex};
use crate::fabrication::read_back::Triangle;
use crate::fabrication::stl::{StlScale, StlUnit};

/// Where readers look for the model.
const MODEL: &str = "3D/3dmodel.model";

const CORE: &str = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02";

/// Names of metadata that the specification does not know need a namespace.
const OWN_NAMESPACE: &str = "urn:d2nn:plate";

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
</Types>
"#;

const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rel0" Target="/3D/3dmodel.model" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"#;

/// The name of a unit in a model.
fn unit_name(unit: StlUnit) -> &'static str {
    match unit {
        StlUnit::Millimetres => "millimeter",
        StlUnit::Micrometres => "micron",
    }
}

/// The 3MF file of `mesh`: an object called `name`, `metadata` as names and values. Gives its triangles too.
///
/// # Errors
/// [`Error::Value`] when it cannot be packed.
pub fn write(
    mesh: &PlateMesh,
    scale: &StlScale,
    name: &str,
    metadata: &[(&str, String)],
) -> Result<(Vec<u8>, u64)> {
    let (mut indices, mut vertices, mut triangles) = (HashMap::new(), Vec::new(), Vec::new());
    mesh.triangles(|triangle| {
        triangles.push(triangle.map(|vertex| {
            *indices.entry(vertex).or_insert_with(|| {
                vertices.push(vertex);
                // A mesh has at most a few vertices for each of 2^28 pixels.
                vertices.len() as u32 - 1
            })
        }));
    });
    let count = triangles.len() as u64;
    let failed = |error: &dyn std::fmt::Display| Error::Value(format!("the file cannot be packed: {error}"));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let small = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    // A triangle with its half vertex takes some 70 bytes of text: beyond, 32 bits may not count them.
    let large = small.large_file(count > 40_000_000);
    for (part, content) in [("[Content_Types].xml", CONTENT_TYPES), ("_rels/.rels", RELATIONSHIPS)] {
        archive.start_file(part, small).map_err(|error| failed(&error))?;
        archive.write_all(content.as_bytes()).map_err(|error| failed(&error))?;
    }
    archive.start_file(MODEL, large).map_err(|error| failed(&error))?;
    let model = Model { scale, name, metadata, vertices: &vertices, triangles: &triangles };
    let text = io::BufWriter::with_capacity(1 << 16, &mut archive);
    model.write(text).map_err(|error| failed(&error))?;
    let file = archive.finish().map_err(|error| failed(&error))?;
    Ok((file.into_inner(), count))
}

/// What the model says.
struct Model<'a> {
    scale: &'a StlScale,
    name: &'a str,
    metadata: &'a [(&'a str, String)],
    vertices: &'a [Vertex],
    triangles: &'a [[u32; 3]],
}

impl Model<'_> {
    fn write(&self, text: impl Write) -> io::Result<()> {
        let mut xml = Writer::new_with_indent(text, b' ', 0);
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.create_element("model")
            .with_attributes([
                ("unit", unit_name(self.scale.unit())),
                ("xml:lang", "en-US"),
                ("xmlns", CORE),
                ("xmlns:d2nn", OWN_NAMESPACE),
            ])
            .write_inner_content(|xml| {
                for (name, value) in self.metadata {
                    xml.create_element("metadata")
                        .with_attribute(("name", *name))
                        .write_text_content(BytesText::new(value))?;
                }
                xml.create_element("resources").write_inner_content(|xml| {
                    xml.create_element("object")
                        .with_attributes([("id", "1"), ("type", "model"), ("name", self.name)])
                        .write_inner_content(|xml| self.write_mesh(xml))?;
                    Ok(())
                })?;
                xml.create_element("build").write_inner_content(|xml| {
                    xml.create_element("item").with_attribute(("objectid", "1")).write_empty()?;
                    Ok(())
                })?;
                Ok(())
            })?;
        xml.get_mut().flush()
    }

    fn write_mesh<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        xml.create_element("mesh").write_inner_content(|xml| {
            xml.create_element("vertices").write_inner_content(|xml| {
                for vertex in self.vertices {
                    // Digits that single precision reads back to the same bits.
                    let [x, y, z] = self.scale.coordinates(*vertex).map(|at| at.to_string());
                    let at = [("x", x.as_str()), ("y", y.as_str()), ("z", z.as_str())];
                    xml.write_event(Event::Empty(BytesStart::new("vertex").with_attributes(at)))?;
                }
                Ok(())
            })?;
            xml.create_element("triangles").write_inner_content(|xml| {
                for triangle in self.triangles {
                    let [a, b, c] = triangle.map(|index| index.to_string());
                    let corners = [("v1", a.as_str()), ("v2", b.as_str()), ("v3", c.as_str())];
                    xml.write_event(Event::Empty(BytesStart::new("triangle").with_attributes(corners)))?;
                }
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    }
}

/// Calls `each` with every triangle of the 3MF file `bytes`, in its unit, which must be `unit`; `path` is for messages.
///
/// # Errors
/// [`Error::File`] for what is no such file, and whatever `each` returns.
pub fn for_each_triangle(
    bytes: &[u8],
    path: &Path,
    unit: StlUnit,
    each: &mut dyn FnMut(Triangle) -> Result<()>,
) -> Result<()> {
    let wrong = |error: &dyn std::fmt::Display| Error::file(path, format!("not a whole 3MF file ({error})"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| wrong(&error))?;
    let model = archive.by_name(MODEL).map_err(|error| wrong(&error))?;
    let mut reader = Reader::from_reader(BufReader::with_capacity(1 << 16, model));
    let (mut buffer, mut vertices) = (Vec::new(), Vec::<[f32; 3]>::new());
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| wrong(&error))?;
        let element = match &event {
            Event::Eof => return Ok(()),
            Event::Start(element) | Event::Empty(element) => element,
            _ => continue,
        };
        match element.local_name().as_ref() {
            "model" => {
                let [found] = values::<String, 1>(element, ["unit"]).map_err(|error| wrong(&error))?;
                if found != unit_name(unit) {
                    return Err(wrong(&format!("its unit is {found} instead of {}", unit_name(unit))));
                }
            }
            "vertex" => vertices.push(values(element, ["x", "y", "z"]).map_err(|error| wrong(&error))?),
            "triangle" => {
                let corners: [usize; 3] =
                    values(element, ["v1", "v2", "v3"]).map_err(|error| wrong(&error))?;
                let mut triangle = [[0.0; 3]; 3];
                for (position, corner) in triangle.iter_mut().zip(corners) {
                    let vertex = vertices.get(corner);
                    *position = *vertex.ok_or_else(|| wrong(&format!("there is no vertex {corner}")))?;
                }
                each(triangle)?;
            }
            _ => {}
        }
    }
}

/// The attributes `names` of an element.
fn values<T: std::str::FromStr + Default, const N: usize>(
    element: &BytesStart<'_>,
    names: [&str; N],
) -> std::result::Result<[T; N], String> {
    let mut values = names.map(|_| T::default());
    let mut found = [false; N];
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if let Some(place) = names.iter().position(|name| attribute.key.as_ref() == *name) {
            let wrong = |_| format!("{} = \"{}\" is no value", names[place], attribute.value);
            values[place] = attribute.value.parse().map_err(wrong)?;
            found[place] = true;
        }
    }
    match found.iter().position(|found| !found) {
        Some(place) => Err(format!("an element without {}", names[place])),
        None => Ok(values),
    }
}

/// The text of the model in the 3MF file `bytes`.
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file.
pub fn read_model(bytes: &[u8]) -> std::result::Result<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut model = archive.by_name(MODEL).map_err(|error| error.to_string())?;
    let mut text = String::new();
    model.read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
