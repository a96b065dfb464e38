"""A real browser that opens the page at the width of a phone and tells what it sees."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any, Final

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=2000",
    "--dump-dom",
)

_PROBE: Final = """<!doctype html><meta charset="utf-8"><body><iframe id="page"
 style="border:0;width:WIDTHpx;height:844px"></iframe><pre id="seen"></pre><script>
const wanted = PAGE, frame = document.getElementById('page'), trouble = [];
frame.addEventListener('load', () => {
  const inside = frame.contentWindow, page = frame.contentDocument;
  if (!page.querySelector('main')) return;
  const shown = [...page.querySelectorAll('body *')].filter(
    each => each.getClientRects().length && each.textContent.trim());
  const size = each => {
    const svg = each.closest('svg[viewBox]');
    const box = svg && svg.getBoundingClientRect();
    const scale = svg ? box.width / svg.viewBox.baseVal.width : 1;
    return parseFloat(inside.getComputedStyle(each).fontSize) * scale;
  };
  const words = shown.filter(
    each => [...each.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const edge = page.documentElement.clientWidth;
  document.getElementById('seen').textContent = JSON.stringify({
    trouble,
    width: page.documentElement.scrollWidth,
    requests: inside.performance.getEntriesByType('resource').map(each => each.name),
    scripts: page.scripts.length,
    maps: [...page.querySelectorAll('svg.map')]
      .filter(each => each.getClientRects().length)
      .map(each => each.getAttribute('class')),
    smallest: Math.min(...words.map(size)),
    beyond: words.filter(each => each.getBoundingClientRect().right > edge + 1)
      .map(each => each.textContent),
  });
});
window.addEventListener('error', event => trouble.push(event.message));
window.addEventListener('message', event => trouble.push(event.data));
frame.srcdoc = wanted;
</script></body>"""


def look(chromium: str, page: str, directory: Path, width: int = 390) -> Any:
    """Open a page in a frame of a width, and tell what a reader would see.

    Args:
        chromium: The browser.
        page: The page, as text.
        directory: Where the browser may write.
        width: In CSS pixels.
    """
    text = json.dumps(page).replace("</", "<\\/")
    probe = directory / "probe.html"
    probe.write_text(_PROBE.replace("PAGE", text).replace("WIDTH", str(width)))
    profile = f"--user-data-dir={directory / 'profile'}"
    run = subprocess.run(  # noqa: S603 - a browser, and a page of ours
        [chromium, *FLAGS, profile, probe.as_uri()],
        capture_output=True,
        text=True,
        timeout=45,
        check=True,
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', run.stdout, re.DOTALL)
    assert found is not None, run.stderr
    return json.loads(unescape(found[1]))
