#!/usr/bin/env python3
"""Uses the page of `d2nn view` as a visitor does, in Chromium by WebDriver, and checks what it shows.

    validate_view.py D2NN [DEVICE] [SCREENSHOT]

D2NN is the program, DEVICE a device folder (default: layers/fashion-400ghz). Test images come from the sample in the
program. With SCREENSHOT a picture of the page is written there at the end (with Pillow).
"""

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import Select, WebDriverWait

HERE = Path(__file__).resolve().parent
WAIT = 60  # seconds: CI machines are slow, and a wait ends as soon as it may


def find(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    sys.exit(f"none of {', '.join(names)} is installed")


class Page:
    def __init__(self, driver):
        self.driver = driver

    def __getitem__(self, name):
        return self.driver.find_element(By.ID, name)

    def state(self, key):
        return self.driver.find_element(By.TAG_NAME, "body").get_attribute(f"data-{key}")

    def frames(self):
        return int(self.state("frames") or 0)

    def settle(self, after=None):
        """Waits for the frame that is shown when everything rests, and is newer than `after`."""
        def rests(_):
            return self.state("resting") == "true" and self.frames() > (after or 0)
        WebDriverWait(self.driver, WAIT).until(rests)

    def act(self, work):
        """Does `work`, and waits for what follows from it."""
        before = self.frames()
        work()
        self.settle(before)

    def scores(self):
        bars = self.driver.find_elements(By.CSS_SELECTOR, "#bars li")
        return [float(bar.get_attribute("data-score")) for bar in bars]

    def fingerprint(self, canvas):
        """The points of a canvas as one number."""
        script = """const c = document.querySelector(arguments[0]);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let h = 0; for (const v of d) h = (h * 31 + v) | 0; return h;"""
        return self.driver.execute_script(script, canvas)

    def errors(self):
        """What the browser complains of, but for our own looking at the canvases."""
        log = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [entry for entry in log if "getImageData" not in entry["message"]]


def browser(width, height, dark):
    options = webdriver.ChromeOptions()
    options.binary_location = find("chromium", "chromium-browser", "google-chrome")
    flags = ["--headless=new", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root with one
    for flag in flags:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(find("chromedriver")))
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    return driver


def png(rows):
    """A grey PNG file."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def draw(page, strokes):
    """Draws `strokes`, lists of places (x, y) from 0 to 1 on the pad, with the pointer."""
    pad = page["pad"]
    width, height = pad.size["width"], pad.size["height"]
    for stroke in strokes:
        actions = ActionChains(page.driver, duration=20)
        at = lambda x, y: ((x - 0.5) * width, (y - 0.5) * height)
        actions.move_to_element_with_offset(pad, *map(round, at(*stroke[0]))).click_and_hold()
        for place in stroke[1:]:
            actions.move_to_element_with_offset(pad, *map(round, at(*place)))
        actions.release().perform()


TROUSER = [
    [(0.38, 0.12), (0.62, 0.12)],
    [(0.38, 0.12), (0.38, 0.5), (0.37, 0.9)],
    [(0.45, 0.12), (0.43, 0.5), (0.42, 0.9)],
    [(0.62, 0.12), (0.62, 0.5), (0.63, 0.9)],
    [(0.55, 0.12), (0.57, 0.5), (0.58, 0.9)],
    [(0.5, 0.12), (0.5, 0.3)],
]


def visit(page, address, folder):
    driver = page.driver
    driver.get(address)
    page.settle()

    # A test image, and its class.
    device = json.load(urllib.request.urlopen(address + "device"))
    label = device["labels"][0]
    assert device["class_names"][label] in page["subject"].text, page["subject"].text
    page.act(lambda: (page["number"].send_keys(Keys.CONTROL, "a"), page["number"].send_keys("2")))
    assert page["subject"].text.startswith("Test image 2:"), page["subject"].text
    page.act(page["next"].click)
    assert page["subject"].text.startswith("Test image 3:"), page["subject"].text
    wanted = device["labels"][3]
    Select(page["of-class"]).select_by_value(str((wanted + 1) % 10))
    WebDriverWait(driver, WAIT).until(lambda _: not page["subject"].text.startswith("Test image 3:"))
    page.settle(page.frames() - 1)
    number = int(re.match(r"Test image (\d+):", page["subject"].text).group(1))
    assert device["labels"][number] == (wanted + 1) % 10

    # An empty page has no answer; a drawing has one, and bars that are its readings.
    page.act(page["clear"].click)
    assert page["answer"].text == "–" and sum(page.scores()) == 0
    dark = page.fingerprint("#large")
    before = page.frames()
    draw(page, TROUSER)
    moving = page.frames() - before
    page.settle(before)
    assert moving >= 5, f"the page should follow the pointer: {moving} frames"
    assert page.fingerprint("#large") != dark
    answer, drawn = page["answer"].text, page.scores()
    assert answer == device["class_names"][1] == "Trouser", f"a drawn trouser is read as {answer}: {drawn}"
    assert drawn.index(max(drawn)) == 1 and abs(sum(drawn) - 1) < 1e-6
    assert page.state("samples") == str(device["samples"]), "at rest the grid of the design is simulated"

    # A mask is moved, turned, taken off: the readings change, and come back.
    def set_number(name, value):
        page[name].send_keys(Keys.CONTROL, "a")
        page[name].send_keys(value)
    seen = [drawn]
    def changed(what):
        scores = page.scores()
        assert all(max(abs(a - b) for a, b in zip(scores, other)) > 1e-4 for other in seen), f"{what} changes nothing"
        seen.append(scores)
    page.act(lambda: set_number("place-x-number", "0.4"))
    changed("a mask aside")
    side = page.fingerprint("#side")
    # With the keyboard too: arrows move a slider.
    page.act(lambda: page["place-x"].send_keys(Keys.ARROW_RIGHT * 5))
    changed("the slider")
    driver.execute_script("document.getElementById('tab-2').click()")
    page.act(lambda: set_number("place-rotation-number", "5"))
    changed("a turn")
    page.act(page["on"].click)
    changed("a mask taken off")
    assert page.fingerprint("#side") != side
    page.act(lambda: set_number("wavelength-number", "1.5"))
    changed("the wavelength")
    page.act(lambda: set_number("extinction-number", "0.05"))
    changed("absorption")
    page.act(page["reset"].click)
    back = page.scores()
    assert max(abs(a - b) for a, b in zip(back, drawn)) < 1e-6, (back, drawn)
    assert not page["reset"].is_enabled()

    # Every plane can be enlarged, and shown in every way.
    looks = set()
    for plane in driver.find_elements(By.CSS_SELECTOR, "#planes .plane"):
        plane.click()
        looks.add(page.fingerprint("#large"))
    assert len(looks) == device["masks"] + 2, "each plane has its own picture"
    looks = {page.fingerprint("#large")}
    Select(page["scale"]).select_by_value("decibel")
    looks.add(page.fingerprint("#large"))
    Select(page["scale"]).select_by_value("linear")
    looks.add(page.fingerprint("#large"))
    Select(page["scale"]).select_by_value("amplitude")
    page.act(lambda: Select(page["show"]).select_by_value("phase"))
    looks.add(page.fingerprint("#large"))
    assert len(looks) == 4, "each scale has its own look"
    mask = "#planes .plane:nth-child(2) canvas"
    light = page.fingerprint(mask)
    Select(page["show"]).select_by_value("mask")
    WebDriverWait(driver, WAIT).until(lambda _: page.fingerprint(mask) != light)
    Select(page["show"]).select_by_value("intensity")

    # The keyboard draws.
    page.act(page["clear"].click)
    keys = [Keys.ARROW_UP, *[Keys.SPACE, Keys.ARROW_DOWN] * 8]
    page.act(lambda: page["pad"].send_keys(*keys))
    assert page["answer"].text != "–"

    # A picture of one's own.
    picture = Path(folder, "own.png")
    picture.write_bytes(png([[250 if 20 < x < 40 and 10 < y < 50 else 5 for x in range(60)] for y in range(60)]))
    page.act(lambda: page["file"].send_keys(str(picture)))
    assert page["subject"].text.startswith("own.png: 60 x 60 pixels"), page["subject"].text
    picture = Path(folder, "broken.png")
    picture.write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    page["file"].send_keys(str(picture))
    WebDriverWait(driver, WAIT).until(lambda _: "cannot be read" in page["subject"].text)
    # The browser logs the refusal itself; the page must log nothing else.
    refusals = [entry for entry in page.errors() if "/picture" not in entry["message"] or "422" not in entry["message"]]
    assert refusals == [], refusals


def fits(page):
    """Nothing is wider than the window."""
    width = page.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"{width[0]} pixels in a window of {width[1]}"


def labelled(page):
    """Everything that can be operated has a name for those who do not see it."""
    controls = page.driver.find_elements(By.CSS_SELECTOR, "button, input, select, [role=application], [role=img]")
    assert len(controls) > 20
    nameless = [c.get_attribute("outerHTML") for c in controls if c.is_displayed() and not c.accessible_name]
    assert nameless == [], nameless


def picture(bytes_, path):
    """Writes a screenshot with 256 colours, for a page of the documentation."""
    import io
    from PIL import Image
    image = Image.open(io.BytesIO(bytes_)).convert("RGB")
    image.quantize(256, kmeans=5, dither=Image.Dither.NONE).save(path, optimize=True)


def main():
    program = sys.argv[1]
    device = sys.argv[2] if len(sys.argv) > 2 else str(HERE.parent / "layers/fashion-400ghz")
    screenshot = sys.argv[3] if len(sys.argv) > 3 else None
    command = [program, "view", device, "--data", "builtin"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address), address
        with tempfile.TemporaryDirectory() as folder:
            driver = browser(1440, 1060, dark=True)
            try:
                page = Page(driver)
                visit(page, address, folder)
                labelled(page)
                fits(page)
            finally:
                driver.quit()
        for width, height, dark in [(390, 844, False), (900, 1100, True)]:
            driver = browser(width, height, dark)
            try:
                page = Page(driver)
                driver.get(address)
                page.settle()
                fits(page)
                assert page.errors() == [], page.errors()
            finally:
                driver.quit()
        if screenshot:
            driver = browser(1440, 1044, dark=True)
            try:
                page = Page(driver)
                driver.get(address)
                page.settle()
                page.act(lambda: (page["number"].send_keys(Keys.CONTROL, "a"), page["number"].send_keys("8")))
                driver.execute_script("document.activeElement.blur()")
                time.sleep(0.3)
                picture(driver.get_screenshot_as_png(), screenshot)
            finally:
                driver.quit()
    finally:
        server.send_signal(signal.SIGINT)
        code = server.wait(timeout=30)
    assert code == 0, f"Ctrl-C should end it with 0, not {code}"
    print(f"the page of {Path(device).name} in Chromium: drawn, read, moved, and no error in its console")


if __name__ == "__main__":
    main()
