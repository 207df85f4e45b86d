#!/usr/bin/env python3
"""Judges reports in headless Chromium; exit code 1 when any file fails.

    validate_report.py FILE...              one row a file
    validate_report.py --self-test          broken pages, each of which must fail
    validate_report.py --picture OUT FILE   the first screen of a report, light and dark side by side

No console message, no request but for the file, every picture decoded, nothing wider than a phone, text that can be read in
both schemes, a screenshot that is not blank, and a print of more than one page with its folded parts open.
"""

import base64
import io
import json
import os
import pathlib
import sys
import tempfile

from PIL import Image, ImageChops
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

PHONE = 360
DESK = 1180

# Pictures in <img> and in <image> alike must be decoded; both are data: addresses.
PICTURES = """
const done = arguments[arguments.length - 1];
const images = [...document.images];
const drawn = [...document.querySelectorAll('svg image')].map(i => i.getAttribute('href'));
const bad = images.filter(i => !(i.complete && i.naturalWidth > 0)).length;
Promise.allSettled(drawn.map(href => { const i = new Image(); i.src = href; return i.decode(); }))
    .then(all => done([images.length + drawn.length, bad + all.filter(a => a.status !== 'fulfilled').length]));
"""

# Contrast of every text against the nearest opaque ground, WCAG 2, level AA: the worst, and what it is.
CONTRAST = """
const parse = c => c.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = e => {
    for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor);
        if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
};
let worst = [99, 'no text'];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walk.nextNode());) {
    const e = node.parentElement;
    // Marks lie on pictures, with an edge of their own.
    if (!node.data.trim() || e.closest('.mark') || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const ink = parse(e.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst[0]) worst = [ratio, node.data.trim().slice(0, 40)];
}
return worst;
"""


def browser():
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def look(driver, width, dark, height=900):
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def screen(driver):
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    return Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")


def requests(driver):
    """What was asked for since the last call, but for data in the page itself."""
    urls = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            urls.append(message["params"]["request"]["url"])
    return [url for url in urls if not url.startswith("data:")]


def complaints(driver, path):
    """What is wrong with a report, a sentence each."""
    address = path.resolve().as_uri()
    found = []
    # What another page said is not this one's.
    requests(driver)
    driver.get_log("browser")
    look(driver, DESK, dark=False)
    driver.get(address)
    asked = [url for url in requests(driver) if url != address]
    if asked:
        found.append(f"asks for {asked[:3]}")
    pictures, bad = driver.execute_async_script(PICTURES)
    if pictures < 5 or bad:
        found.append(f"{bad} of {pictures} pictures are broken, and there must be some")
    light = screen(driver)
    colours = light.getcolors(light.width * light.height)
    if len(colours) < 20 or max(count for count, _ in colours) > 0.97 * light.width * light.height:
        found.append(f"the screenshot is blank: {len(colours)} colours")
    driver.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    for dark in (False, True):
        look(driver, DESK, dark)
        ratio, text = driver.execute_script(CONTRAST)
        if ratio < 4.5:
            found.append(f"contrast {ratio:.2f} of \"{text}\" in the {'dark' if dark else 'light'}")
        look(driver, PHONE, dark)
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        if wide > PHONE:
            found.append(f"{wide} pixels wide on a phone of {PHONE}")
    driver.get(address)
    look(driver, DESK, dark=True)
    if ImageChops.difference(light, screen(driver)).getbbox() is None:
        found.append("light and dark look the same")
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    pages = base64.b64decode(printed["data"]).count(b"/Type /Page\n")
    if pages < 2:
        found.append(f"{pages} pages in print")
    # On paper nothing can be unfolded: a closed part has the height it has when open.
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    folded = driver.execute_script(
        "const heights = () => [...document.querySelectorAll('details')].map(d => d.offsetHeight);"
        "const before = heights(); document.querySelectorAll('details').forEach(d => d.open = true);"
        "return heights().filter((h, i) => h > before[i] + 1).length"
    )
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    if folded:
        found.append(f"{folded} parts stay folded in print")
    said = [entry["message"] for entry in driver.get_log("browser")]
    if said:
        found.append(f"the console says {said[:3]}")
    return found


def judge(driver, path):
    found = complaints(driver, path)
    print(f"{path.name:<34}{path.stat().st_size / 1e6:>8.2f} MB  {'FAIL' if found else 'ok'}", flush=True)
    for complaint in found:
        print(f"    {complaint}", flush=True)
    return found


def self_test(driver):
    """Broken pages: this judge can say no, and says why."""
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    style = "body{color:#111;background:#fff}@media(prefers-color-scheme:dark){body{color:#eee;background:#111}}img{width:40px;height:40px}"
    colours = "".join(f'<p style="height:9px;background:rgb({8 * i},90,120)"></p>' for i in range(30))
    images = f'<img alt="" src="{pixel}">' * 5
    body = f"<h1>Report</h1>{colours}{images}<details><summary>more</summary><p>folded</p></details>" + "<p>line</p>" * 80
    style += "@media print{details::details-content{content-visibility:visible;display:block;block-size:auto}}"
    whole = f"<!DOCTYPE html><html><head><meta name=viewport content='width=device-width'><style>{style}</style></head><body>{body}</body></html>"
    pages = {
        "whole": (whole, None),
        "asks": (whole.replace("</body>", '<img alt="" src="nothing.png"></body>'), "asks for"),
        "broken-picture": (whole.replace("iVBORw0KGgo", "AAAA", 1), "pictures are broken"),
        "wide": (whole.replace("</body>", '<p style="width:900px">wide</p></body>'), "wide on a phone"),
        "pale": (whole.replace("</body>", '<p style="color:#888">pale</p></body>'), "contrast"),
        "one-scheme": (whole.replace("prefers-color-scheme:dark", "min-width:99999px"), "look the same"),
        "short": (whole.replace("<p>line</p>", ""), "pages in print"),
        "folded": (whole.replace("content-visibility:visible;", "").replace("display:block;", ""), "stay folded"),
        "loud": (whole.replace("</body>", "<script>console.error('no')</script></body>"), "console says"),
        "blank": ("<!DOCTYPE html><title>blank</title>", "blank"),
    }
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (page, reason) in pages.items():
            path = pathlib.Path(folder, f"{name}.html")
            path.write_text(page)
            found = judge(driver, path)
            if (reason is None and found) or (reason and not any(reason in complaint for complaint in found)):
                print(f"    {name} should {f'fail: {reason}' if reason else 'pass'}")
                wrong += 1
    return wrong


def picture(driver, out, path):
    """The first screen, light at the left and dark at the right."""
    shots = []
    for dark in (False, True):
        look(driver, 880, dark, height=1120)
        driver.get(path.resolve().as_uri())
        shots.append(screen(driver))
    both = Image.new("RGB", (sum(shot.width for shot in shots), shots[0].height))
    both.paste(shots[0], (0, 0))
    both.paste(shots[1], (shots[0].width, 0))
    both.quantize(128).save(out, optimize=True)


def main():
    arguments = sys.argv[1:]
    if not arguments:
        print(__doc__)
        return 2
    driver = browser()
    try:
        if arguments == ["--self-test"]:
            return 1 if self_test(driver) else 0
        if arguments[0] == "--picture":
            picture(driver, arguments[1], pathlib.Path(arguments[2]))
            return 0
        failed = [path for path in map(pathlib.Path, arguments) if judge(driver, path)]
        print(f"{len(arguments) - len(failed)} of {len(arguments)} reports pass")
        return 1 if failed else 0
    finally:
        driver.quit()


if __name__ == "__main__":
    sys.exit(main())
