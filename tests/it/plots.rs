//! Every plot in both formats is written whole, decodes, carries its words, and refuses what is no number.

use std::fs;
use std::path::Path;

use d2nn::detector::{Region, Scheme};
use d2nn::grid::Grid;
use d2nn::plots::{
    Axis, Brightness, Chart, ChartAxis, ChartPanel, Colormap, Confusion, Curve, DetectorPlane, FormedImage,
    History, Imaging, IntensityMap, LightPath, MaskQuantity, Masks, Origin, Phenomenon, PhenomenonPanel,
    PictureFormat, Plane, Score, Series, SideView, Training, luminance,
};
use d2nn::{Error, Result};
use ndarray::{Array2, array};

use crate::support::pictures::Drawn;

/// Small data for every plot; a test spoils what it is about.
struct Bench {
    grid: Grid,
    intensity: Array2<f64>,
    masks: Vec<Array2<f32>>,
    regions: Vec<Region>,
    labels: Vec<String>,
    readings: Vec<f64>,
    history: Vec<History>,
    counts: Array2<u64>,
    side: Array2<f64>,
    z: Vec<f64>,
    points: Vec<(f64, f64)>,
    powers: Vec<(f64, f64)>,
    axis_end: f64,
    brightness: Brightness,
}

impl Bench {
    fn new() -> Self {
        let grid = Grid::new(20, 30, 0.4e-3).unwrap();
        Bench {
            grid,
            intensity: Array2::from_shape_fn((20, 30), |(y, x)| (y * x) as f64),
            masks: vec![Array2::from_shape_fn((20, 30), |(y, x)| (y as f32 - x as f32) * 0.7); 3],
            regions: [2, 20].map(|column| Region { row: 5, column, height: 4, width: 6 }).to_vec(),
            labels: vec!["T-shirt & top".into(), "Ankle <boot>".into()],
            readings: vec![0.25, 0.75],
            history: (0..4)
                .map(|i| History {
                    epoch: f64::from(i) * 0.5,
                    training_loss: Some(2.0 - 0.3 * f64::from(i)),
                    validation_loss: (i % 2 == 1).then_some(2.1 - 0.3 * f64::from(i)),
                    training_score: Some(0.2 * f64::from(i)),
                    validation_score: (i % 2 == 1).then_some(0.19 * f64::from(i)),
                })
                .collect(),
            counts: array![[90, 10], [25, 75]],
            side: Array2::from_shape_fn((20, 9), |(y, z)| (y + z) as f64),
            z: (0..9).map(|i| f64::from(i) * 10e-3).collect(),
            points: (0..9).map(|i| (f64::from(i), 0.1 * f64::from(i))).collect(),
            powers: (0..4).map(|i| (10f64.powi(i), 20.0 * 100f64.powi(i))).collect(),
            axis_end: 80.0,
            brightness: Brightness::Linear(30.0),
        }
    }

    fn plane<'a>(&'a self, name: &'a str, z: f64) -> Plane<'a> {
        Plane { name, z, intensity: &self.intensity }
    }

    fn detector(&self, path: &Path, format: PictureFormat) -> Result<()> {
        DetectorPlane {
            intensity: &self.intensity,
            grid: &self.grid,
            regions: &self.regions,
            scheme: Scheme::Single,
            first_class: 0,
            labels: &self.labels,
            readings: &self.readings,
            answer: Some(1),
            truth: Some(0),
            title: "Image 3",
            note: Some("built-in sample of 6,000 images"),
        }
        .write(path, format)
    }

    fn masks(&self, path: &Path, format: PictureFormat) -> Result<()> {
        Masks {
            quantity: MaskQuantity::Phase,
            masks: &self.masks,
            grids: std::slice::from_ref(&self.grid),
            title: "Masks",
            note: None,
        }
        .write(path, format)
    }

    fn training(&self, path: &Path, format: PictureFormat) -> Result<()> {
        let (history, score) = (&self.history, Score::Accuracy);
        Training { history, score, title: "Training", note: None }.write(path, format)
    }

    fn confusion(&self, path: &Path, format: PictureFormat) -> Result<()> {
        Confusion { counts: &self.counts, labels: &self.labels, title: "Test", note: None }
            .write(path, format)
    }

    fn imaging(&self, path: &Path, format: PictureFormat) -> Result<()> {
        let picture = self.intensity.mapv(|value| value / 551.0);
        let image = |name, ssim| FormedImage { name, intensity: &self.intensity, picture: &picture, ssim };
        Imaging {
            images: &[image("object", None), image("image", Some(0.71234)), image("free space", Some(-0.1))],
            grid: &self.grid,
            area: self.regions[0],
            title: "Image 4",
            note: None,
        }
        .write(path, format)
    }

    fn similarity(&self, path: &Path, format: PictureFormat) -> Result<()> {
        let history = &self.history;
        Training { history, score: Score::Ssim, title: "Training", note: None }.write(path, format)
    }

    fn light(&self, path: &Path, format: PictureFormat) -> Result<()> {
        LightPath {
            planes: &[self.plane("object", 0.0), self.plane("mask 1", 40e-3), self.plane("detector", 80e-3)],
            side: SideView { intensity: &self.side, z: &self.z },
            grid: &self.grid,
            masks: &[40e-3],
            title: "Light",
            note: None,
        }
        .write(path, format)
    }

    fn chart(&self, path: &Path, format: PictureFormat) -> Result<()> {
        let axis = |name, logarithmic| ChartAxis { name, logarithmic, names: &[] };
        let series = |name, points, marked| Series { name, points, ranges: &[], marked };
        let ranges: Vec<_> = self.points.iter().map(|(_, y)| (y - 0.1, y + 0.2)).collect();
        Chart {
            panels: &[
                ChartPanel {
                    across: axis("pixels", true),
                    upright: axis("time in ms", true),
                    series: &[
                        series("as expected", &self.powers, false),
                        series("as it is", &self.powers, true),
                    ],
                },
                ChartPanel {
                    across: axis("masks", false),
                    upright: axis("share in %", false),
                    series: &[Series { ranges: &ranges, ..series("all", &self.points, true) }],
                },
            ],
            level: false,
            title: "Growth",
            note: None,
        }
        .write(path, format)
    }

    fn phenomenon(&self, path: &Path, format: PictureFormat) -> Result<()> {
        let curve = |name, origin| Curve { name, origin, points: &self.points };
        Phenomenon {
            map: IntensityMap {
                intensity: &self.side,
                across: Axis { name: "z in mm", from: 0.0, to: self.axis_end },
                upright: Axis { name: "y in mm", from: -4.0, to: 4.0 },
                brightness: self.brightness,
                label: "intensity, incident light = 1",
            },
            panels: &[PhenomenonPanel {
                across: Axis { name: "x in mm", from: 0.0, to: 6.0 },
                upright: Axis { name: "error in %", from: 0.0, to: 1.0 },
                curves: &[
                    curve("exact", Origin::ClosedForm),
                    curve("paraxial", Origin::Approximation),
                    curve("simulated", Origin::Simulated),
                ],
            }; 2],
            title: "Talbot carpet",
            note: Some("period 3.2 mm"),
        }
        .write(path, format)
    }
}

type Draw = fn(&Bench, &Path, PictureFormat) -> Result<()>;
type Spoil = fn(&mut Bench);

const PLOTS: [(&str, Draw, &[&str]); 9] = [
    ("detector", Bench::detector, &["Image 3", "x in mm", "dB relative to the maximum", "75.0 %", "6,000"]),
    ("masks", Bench::masks, &["mask 1", "mask 3", "3π/2", "phase in rad"]),
    (
        "training",
        Bench::training,
        &["epoch", "loss", "accuracy in %", "best validation: 57.00 % at epoch 1.5"],
    ),
    ("similarity", Bench::similarity, &["SSIM", "best validation: 0.5700 at epoch 1.5"]),
    ("imaging", Bench::imaging, &["Image 4", "free space", "read, SSIM 0.712", "own max.", "picture wanted"]),
    ("confusion", Bench::confusion, &["Test: 82.50 % of 200 right", "90.0 %", "true class", "answer"]),
    ("chart", Bench::chart, &["Growth", "as expected", "time in ms", "share in %", "1000", "10⁷"]),
    ("light", Bench::light, &["object", "mask 1", "z in mm, along the light", "amplitude / own max."]),
    (
        "phenomenon",
        Bench::phenomenon,
        &["Talbot carpet", "z in mm", "incident light = 1", "paraxial", "error in %"],
    ),
];

#[test]
fn every_plot_is_a_png_that_decodes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, draw, _) in PLOTS {
        let path = folder.path().join(format!("{name}.{}", PictureFormat::Png.extension()));
        draw(&Bench::new(), &path, PictureFormat::Png).unwrap();
        let picture = Drawn::open(&path);
        assert_eq!(picture.width, 1760, "{name}");
        assert!((300..2000).contains(&picture.height), "{name}: {}", picture.height);
        let inked = picture.pixels.iter().filter(|pixel| **pixel != [255; 3]).count();
        assert!(inked > 10_000, "{name}: {inked}");
        // Nothing is cut off at the rim of the white page.
        let (right, bottom) = (picture.width - 1, picture.height - 1);
        let blank = |x, y| picture.pixel(x, y) == [255; 3];
        assert!((0..=right).all(|x| blank(x, 0) && blank(x, bottom)), "{name}");
        assert!((0..=bottom).all(|y| blank(0, y) && blank(right, y)), "{name}");
    }
}

#[test]
fn every_plot_is_an_svg_with_its_words() {
    let folder = tempfile::tempdir().unwrap();
    for (name, draw, words) in PLOTS {
        let path = folder.path().join(format!("{name}.{}", PictureFormat::Svg.extension()));
        draw(&Bench::new(), &path, PictureFormat::Svg).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        well_formed(&text);
        for word in words {
            assert!(text.contains(word), "{name} lacks {word:?}");
        }
        let curves = ["training", "similarity", "chart"].contains(&name);
        assert!(curves || text.contains("data:image/png;base64,"), "{name}");
    }
}

/// Every tag is closed in order and no bare `<` or `&` is left in the text.
fn well_formed(text: &str) {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (words, tag) = rest.split_at(start);
        assert!(!words.contains('>'), "{words:?}");
        for entity in words.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
            assert!(known.iter().any(|name| entity.starts_with(name)), "{words:?}");
        }
        let end = tag.find('>').unwrap();
        let inside = &tag[1..end];
        assert_eq!(inside.matches('"').count() % 2, 0, "{inside:.80}");
        assert!(!inside.contains('<'));
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !inside.ends_with('/') {
            open.push(inside.split_whitespace().next().unwrap());
        }
        rest = &tag[end + 1..];
    }
    assert!(open.is_empty() && text.starts_with("<svg"), "{open:?}");
}

#[test]
fn labels_of_classes_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("confusion.svg");
    Bench::new().confusion(&path, PictureFormat::Svg).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("Ankle &lt;boot&gt;"));
}

#[test]
fn what_is_not_a_number_is_refused_and_nothing_written() {
    let mut spoiled: Vec<(Draw, Bench)> = Vec::new();
    for value in [f64::NAN, f64::INFINITY] {
        let mut spoil = |draw: Draw, change: &dyn Fn(&mut Bench)| {
            let mut bench = Bench::new();
            change(&mut bench);
            spoiled.push((draw, bench));
        };
        spoil(Bench::detector, &|bench| bench.intensity[[3, 4]] = value);
        spoil(Bench::detector, &|bench| bench.readings[1] = value);
        spoil(Bench::masks, &|bench| bench.masks[2][[0, 0]] = value as f32);
        spoil(Bench::training, &|bench| bench.history[1].training_loss = Some(value));
        spoil(Bench::training, &|bench| bench.history[1].validation_score = Some(value));
        spoil(Bench::training, &|bench| bench.history[2].epoch = value);
        spoil(Bench::light, &|bench| bench.intensity[[0, 0]] = value);
        spoil(Bench::light, &|bench| bench.side[[0, 0]] = value);
        spoil(Bench::light, &|bench| bench.z[8] = value);
        spoil(Bench::phenomenon, &|bench| bench.side[[0, 0]] = value);
        spoil(Bench::phenomenon, &|bench| bench.points[3].1 = value);
        spoil(Bench::phenomenon, &|bench| bench.axis_end = value);
        spoil(Bench::chart, &|bench| bench.powers[2].0 = value);
        spoil(Bench::chart, &|bench| bench.points[3].1 = value);
        spoil(Bench::phenomenon, &|bench| bench.brightness = Brightness::Linear(value));
    }
    let folder = tempfile::tempdir().unwrap();
    for (index, (draw, bench)) in spoiled.iter().enumerate() {
        let result = draw(bench, &folder.path().join("plot.png"), PictureFormat::Png);
        assert!(matches!(result, Err(Error::Value(_))), "{index}: {result:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let change: [(Draw, Spoil); 16] = [
        (Bench::detector, |bench| bench.intensity = Array2::zeros((30, 20))),
        (Bench::detector, |bench| bench.intensity[[0, 0]] = -1.0),
        (Bench::detector, |bench| bench.regions[1].column = 25),
        (Bench::detector, |bench| bench.regions[1].column = usize::MAX),
        (Bench::detector, |bench| bench.labels.truncate(1)),
        (Bench::masks, |bench| bench.masks.clear()),
        (Bench::training, |bench| bench.history.clear()),
        (Bench::confusion, |bench| bench.labels.truncate(1)),
        (Bench::light, |bench| bench.z[3] = bench.z[2]),
        (Bench::light, |bench| bench.z.truncate(8)),
        (Bench::chart, |bench| bench.powers[0].0 = 0.0),
        (Bench::chart, |bench| bench.powers[3].1 = -1.0),
        (Bench::chart, |bench| bench.points.clear()),
        (Bench::phenomenon, |bench| bench.side[[0, 0]] = -1.0),
        (Bench::phenomenon, |bench| bench.axis_end = 0.0),
        (Bench::phenomenon, |bench| bench.brightness = Brightness::Decibels(0.0)),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (index, (draw, change)) in change.into_iter().enumerate() {
        let mut bench = Bench::new();
        change(&mut bench);
        let result = draw(&bench, &folder.path().join("plot.png"), PictureFormat::Png);
        assert!(matches!(result, Err(Error::Value(_))), "{index}: {result:?}");
    }
}

#[test]
fn constant_values_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    for level in [0.0, 1e-300, 1.0, 1e300] {
        let mut bench = Bench::new();
        bench.intensity.fill(level);
        bench.side.fill(level);
        bench.readings.fill(0.0);
        bench.masks.iter_mut().for_each(|mask| mask.fill(-1.0));
        bench.counts.fill(0);
        bench.history.iter_mut().for_each(|row| *row = History { training_loss: Some(level), ..*row });
        for (name, draw, _) in PLOTS {
            let path = folder.path().join(format!("{name}.svg"));
            draw(&bench, &path, PictureFormat::Svg).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            // Base64 may spell anything: words only.
            let mut words = text.lines().filter(|line| !line.starts_with('<'));
            assert!(words.all(|line| !line.contains("NaN") && !line.contains("inf")), "{name} {level}");
        }
    }
}

#[test]
fn where_nothing_can_be_written_the_system_says_so() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder should be: refused for every user, root included.
    let blocked = folder.path().join("blocked");
    fs::write(&blocked, b"a file").unwrap();
    for (name, draw, _) in PLOTS {
        for format in [PictureFormat::Png, PictureFormat::Svg] {
            let result = draw(&Bench::new(), &blocked.join(name), format);
            assert!(matches!(result, Err(Error::Io { action: "write", .. })), "{name}: {result:?}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(fs::read(&blocked).unwrap(), b"a file");
}

#[test]
fn the_same_data_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for (name, draw, _) in PLOTS {
        draw(&Bench::new(), &first, PictureFormat::Png).unwrap();
        draw(&Bench::new(), &second, PictureFormat::Png).unwrap();
        assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap(), "{name}");
    }
}

#[test]
fn one_to_twenty_of_everything_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plot.svg");
    for count in [1, 2, 5, 6, 10, 11, 20] {
        let mut bench = Bench::new();
        bench.masks = vec![bench.masks[0].clone(); count];
        bench.regions =
            (0..count.max(2)).map(|i| Region { row: i, column: i, height: 1, width: 1 }).collect();
        bench.labels = (0..count.max(2)).map(|i| format!("class {i}")).collect();
        bench.readings = vec![0.05; count.max(2)];
        bench.counts = Array2::from_elem((count.max(2), count.max(2)), u64::MAX);
        bench.masks(&path, PictureFormat::Svg).unwrap();
        bench.detector(&path, PictureFormat::Svg).unwrap();
        bench.confusion(&path, PictureFormat::Svg).unwrap();
        let planes: Vec<Plane> = (0..count).map(|i| bench.plane("plane", i as f64 * 1e-3)).collect();
        let positions: Vec<f64> = (0..count).map(|i| i as f64 * 1e-3).collect();
        LightPath {
            planes: &planes,
            side: SideView { intensity: &bench.side, z: &bench.z },
            grid: &bench.grid,
            masks: &positions,
            title: "Light",
            note: None,
        }
        .write(&path, PictureFormat::Svg)
        .unwrap();
        well_formed(&fs::read_to_string(&path).unwrap());
    }
}

#[test]
fn charts_have_rows_and_whole_ranges() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.svg");
    let points = [(0.0, 1.0), (1.0, 3.0)];
    let draw = |count: usize, level, ranges: &[(f64, f64)]| {
        let axis = |name| ChartAxis { name, logarithmic: false, names: &[] };
        let panel = |series| ChartPanel { across: axis("x"), upright: axis("y"), series };
        let whole = [Series { name: "whole", points: &points, ranges, marked: true }];
        let high = [Series { name: "high", points: &[(0.0, 900.0)], ranges: &[], marked: true }];
        let mut panels = vec![panel(&whole); count - 1];
        panels.push(panel(&high));
        Chart { panels: &panels, level, title: "Chart", note: None }.write(&path, PictureFormat::Svg)?;
        Ok::<_, Error>(fs::read_to_string(&path).unwrap())
    };
    for count in 2..=8 {
        well_formed(&draw(count, true, &[(0.5, 1.5), (2.0, 4.0)]).unwrap());
    }
    // On level axes 900 stands beside every panel, otherwise beside its own.
    let times = |text: &str| text.lines().filter(|line| line.trim() == "800").count();
    assert_eq!((times(&draw(3, true, &[]).unwrap()), times(&draw(3, false, &[]).unwrap())), (3, 0));
    let refused = draw(2, false, &[(0.0, 1.0)]).unwrap_err().to_string();
    assert!(refused.contains("range for some"), "{refused}");
    assert!(draw(2, false, &[(0.0, 1.0), (f64::NAN, 1.0)]).is_err());
}

#[test]
fn the_phase_map_is_a_circle_and_the_intensity_map_a_climb() {
    assert_eq!(Colormap::Phase.colour(0.0), Colormap::Phase.colour(1.0));
    let steps: Vec<f64> =
        (0..=255).map(|i| luminance(Colormap::Intensity.colour(f64::from(i) / 255.0))).collect();
    assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(steps[0] < 0.01 && steps[255] > 0.9);
}

#[test]
fn charts_stand_on_names_and_have_bars() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.svg");
    let write = |names: &[&str], ranges: &[(f64, f64)]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let axis = |name, names| ChartAxis { name, logarithmic: false, names };
        let series = [Series { name: "", points: &[(0.0, 3.0), (1.0, 5.0)], ranges, marked: true }];
        let panel = ChartPanel { across: axis("kind", &names), upright: axis("%", &[]), series: &series };
        Chart { panels: &[panel, panel], level: false, title: "Bars", note: None }
            .write(&path, PictureFormat::Svg)?;
        Ok::<_, Error>(fs::read_to_string(&path).unwrap())
    };
    let height = |text: &str| -> f64 {
        text.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    let short = write(&["phase", "amplitude"], &[]).unwrap();
    let long = write(
        &["the first of two names that are too long to lie", "another of them, as long as that"],
        &[(2.5, 3.5), (1.0, 9.0)],
    );
    let long = long.unwrap();
    assert!(short.contains("amplitude") && long.contains("the first of two names"));
    assert!(height(&long) > height(&short) + 100.0, "upward names have room");
    // Both ends of the longer bar lie on the axis: 1 and 9.
    let has = |text: &str, label: &str| text.lines().any(|line| line.trim() == label);
    assert!(has(&long, "8") && has(&long, "2") && !has(&short, "8"), "the axis reaches as far as the bars");
    assert!(matches!(write(&["phase", "amplitude"], &[(0.0, 0.5)]), Err(Error::Value(_))));
    assert!(matches!(write(&["phase", "amplitude"], &[(0.0, 0.5), (0.0, f64::NAN)]), Err(Error::Value(_))));
    // Nothing stands between whole numbers.
    let whole = write(&[], &[]).unwrap();
    assert!(has(&whole, "1") && !has(&whole, "0.5") && !has(&whole, "0.2"));
}

#[test]
fn masks_of_different_pixels_are_drawn_to_one_scale() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("masks.svg");
    let grids = [Grid::new(40, 40, 0.4e-3).unwrap(), Grid::new(10, 10, 0.8e-3).unwrap()];
    let masks = grids.map(|grid| Array2::from_elem(grid.shape(), 1.0_f32));
    let draw = |grids: &[Grid]| {
        Masks { quantity: MaskQuantity::Phase, masks: &masks, grids, title: "Two", note: None }
            .write(&path, PictureFormat::Svg)
    };
    draw(&grids).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    // The rasters of the masks, in the order they were drawn: 16 mm and 8 mm wide.
    let wide: Vec<f64> = text
        .split("<image")
        .skip(1)
        .map(|image| image.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
        .collect();
    // Whole pixels of the picture.
    assert!((wide[0] - 2.0 * wide[1]).abs() <= 2.0, "{wide:?}");
    let message = draw(&grids[..1]).unwrap_err().to_string();
    assert!(message.contains("mask 2"), "{message}");
    let three = [grids[0]; 3];
    assert!(draw(&three).unwrap_err().to_string().contains("3 grids for 2 masks"));
}
