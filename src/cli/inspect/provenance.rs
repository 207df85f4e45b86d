//! How a device came to be, and whether its masks are still those.

use serde_json::json;

use super::SheetGroup;
use crate::cli::modified_masks;
use crate::design::Device;

/// The part of the data sheet about the training; none without provenance.
pub(super) fn group(device: &Device) -> Option<SheetGroup> {
    let provenance = device.provenance.as_ref()?;
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    let data = &provenance.data;
    let sample = match (data.builtin_sample, data.published) {
        (true, _) => " (built-in sample)",
        (false, Some(false)) => " (not the published files)",
        (false, _) => "",
    };
    line("data", format!("{}, {} images{sample}", data.name, data.training_images));
    let metrics = &provenance.metrics;
    if let Some(accuracy) = metrics.test_accuracy {
        line("test accuracy", format!("{:.2} % of {} images", 100.0 * accuracy, data.test_images));
    }
    if let (Some(ssim), Some(free)) = (metrics.test_ssim, metrics.test_ssim_free_space) {
        line("test SSIM", format!("{ssim:.4} of {} images, free space {free:.4}", data.test_images));
    }
    line("detector share", format!("{:.2} %", 100.0 * metrics.detector_share));
    line("seed", provenance.seed.to_string());
    line("made by", format!("d2nn {} ({}): {}", provenance.version, provenance.commit, provenance.command));
    if let Some(masks) = modified_masks(device) {
        line("edited", format!("{masks} not as trained: these figures are of other masks"));
    }
    Some(SheetGroup { title: "training", lines })
}

/// The same for programs: `provenance` as in `provenance.toml` (null without), and the numbers of edited masks.
pub(super) fn add_to_json(json: &mut serde_json::Value, device: &Device) {
    json["provenance"] = json!(device.provenance);
    json["modified_masks"] = json!(device.modified);
}
