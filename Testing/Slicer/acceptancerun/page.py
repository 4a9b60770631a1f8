"""acceptance.html: one file with everything that the run found."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from .records import Report, StepRecord

FILE = "acceptance.html"
_STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 1100px; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: .15em .8em .15em 0; text-align: left; }
.passed { color: #006b3c; } .failed { color: #b00020; } .skipped { color: #7a5c00; }
section { border-top: 1px solid #bbb; margin-top: 1.5em; } h2 { font-size: 1.1em; }
img { max-width: 100%; border: 1px solid #bbb; } pre { white-space: pre-wrap; }
p.closing { font-size: 1.3em; font-weight: bold; }
"""


def write_page(folder: Path, report: Report) -> Path:
    """Write the page with the pictures of the folder in it, and return where it is."""
    facts = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in report.facts.items()
    )
    rows = "".join(_row(step) for step in report.steps)
    sections = "".join(_section(folder, step) for step in report.steps)
    path = folder / FILE
    path.write_text(
        f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>BV5 Analysis in Slicer</title>
<style>{_STYLE}</style></head><body>
<h1>BV5 Analysis in Slicer</h1>
<table>{facts}</table>
<h2>Steps</h2>
<table><tr><th>Step</th><th>Result</th><th>Seconds</th><th>What holds if it passed</th></tr>
{rows}</table>
{sections}
<p class="closing">{html.escape(report.closing)}</p>
</body></html>
""",
        encoding="utf-8",
    )
    return path


def _row(step: StepRecord) -> str:
    name, title = html.escape(step.name), html.escape(step.title)
    return (
        f'<tr><td><a href="#{name}">{name}</a></td><td class="{step.result}">{step.result}</td>'
        f"<td>{step.seconds:.1f}</td><td>{title}</td></tr>\n"
    )


def _section(folder: Path, step: StepRecord) -> str:
    name = html.escape(step.name)
    messages = "".join(f"<pre>{html.escape(message)}</pre>" for message in step.messages)
    return (
        f'<section id="{name}"><h2>{name}: <span class="{step.result}">{step.result}</span>, '
        f"{step.seconds:.1f} s</h2><p>{html.escape(step.title)}</p>{messages}"
        f"{_picture(folder, step)}</section>\n"
    )


def _picture(folder: Path, step: StepRecord) -> str:
    path = folder / step.picture
    if not step.picture or not path.is_file():
        return ""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    text = html.escape(f"The window after the step {step.name}")
    return f'<img alt="{text}" src="data:image/png;base64,{data}">'
