"""The contact sheet: every case, true to its numbers, safe against any text, sorted as asked."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("jinja2")
from BV5AnalysisLib.export.batch.batch_folder import BatchFolder
from BV5AnalysisLib.export.batch.contact_sheet import (
    NUMBER_KEYS,
    SORT_KEYS,
    failed_card,
    index_html,
    measured_card,
    sheet_of,
)
from BV5AnalysisLib.export.batch.finished_case import finished_case
from BV5AnalysisLib.study.batch.batch_case import CaseStatus
from helpers.batch_folders import cases, put_case, rows
from helpers.html_page import Page

NASTY = "<script>alert(1)</script>\"'>&"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)


@pytest.fixture
def folder(tmp_path, written_case):
    """Make the folder of a case, with files beside those of the template."""

    def make(name: str = "P1", files=(), **changes) -> Path:
        made = put_case(tmp_path, name, written_case, **changes)
        for each in files:
            (made / each).write_bytes(b"x")
        return made

    return make


PICTURES = ("report.html", "vessels_3d.png", "overview.png")
SMALL = ("vessels_3d_small.jpg", "overview_small.jpg")


def card_of(folder: Path, choice: str = "") -> Page:
    return Page(measured_card(finished_case(folder), choice))


def finding(severity: str, text: str) -> dict:
    return {"code": "code", "severity": severity, "text": text, "value": None}


def test_a_card_shows_the_numbers_of_both_lungs(folder, small_result):
    both = small_result.measurements[0]
    page = card_of(folder(), choice="Series 4: thinner than series 3.")
    for key in ("bv5", "bv5_10", "bv10"):
        shown = f"{getattr(both, f'{key}_pct'):.1f} % {getattr(both, f'{key}_ml'):.1f} mL"
        assert f"{key.replace('_', '-').upper()} {shown}" in page.words
    assert f"TPBV {both.tpbv_ml:.1f} mL Lungs {both.lung_volume_ml:,.0f} mL" in page.words
    assert "Series 4: thinner than series 3." in page.text
    card = page.all("article")[0]
    for key in NUMBER_KEYS:
        shown = float(card[f"data-{key.replace('_', '-')}"])
        assert shown == pytest.approx(getattr(both, key), rel=1e-3)


def test_the_bar_has_the_shares_of_the_classes(folder, small_result):
    both = small_result.measurements[0]
    (style,) = [each["style"] for each in card_of(folder()).all("div") if "style" in each]
    stops = [float(value) for value in re.findall(r"([\d.]+)%", style)]
    one, two = both.bv5_pct, both.bv5_pct + both.bv5_10_pct
    assert stops == pytest.approx([0, one, one, two, two, 100], abs=0.06)


def test_small_pictures_are_shown_and_large_ones_opened(folder):
    page = card_of(folder("P 1#ä", PICTURES + SMALL))
    base = "P%201%23%C3%A4"
    assert [each["src"] for each in page.all("img")] == [f"{base}/{name}" for name in SMALL]
    assert all(each["loading"] == "lazy" and each["alt"] for each in page.all("img"))
    large = [each["data-large"] for each in page.all("button")]
    assert large == [f"{base}/vessels_3d.png", f"{base}/overview.png"]
    assert page.all("a")[0]["href"] == f"{base}/report.html"


def test_without_small_pictures_the_large_ones_are_shown(folder):
    page = card_of(folder("P1", PICTURES))
    assert [each["src"] for each in page.all("img")] == ["P1/vessels_3d.png", "P1/overview.png"]


def test_without_a_report_the_card_leads_to_the_folder(folder):
    page = card_of(folder())
    assert page.all("img") == []
    assert page.all("a")[0]["href"] == "P1/"


def test_findings_are_told_with_their_severity(folder):
    found = [finding("error", "Cut."), finding("warning", "Thick."), finding("info", "Contrast.")]
    page = card_of(folder(findings=found))
    assert [each.get("class") for each in page.all("li")] == ["error", "warning", "info"]
    assert "Error: Cut." in page.text
    assert "Warning: Thick." in page.text
    assert "Note: Contrast." in page.text
    card = page.all("article")[0]
    assert card["class"].split() == ["card", "error"]
    assert "data-doubtful" in card


def test_any_error_ranks_before_all_warnings_and_they_before_notes(folder):
    def rank(name, *severities):
        page = card_of(folder(name, findings=[finding(each, "x") for each in severities]))
        return int(page.all("article")[0]["data-findings"])

    assert rank("a", "error") > rank("b", *["warning"] * 9) > rank("c", "warning", "info")
    assert rank("d", "warning") > rank("e", *["info"] * 9) > rank("f") == 0


def test_notes_are_no_doubt(folder):
    page = card_of(folder(findings=[finding("info", "Contrast agent.")]))
    assert "data-doubtful" not in page.all("article")[0]


def test_a_review_is_told(folder):
    review = {"status": "rejected", "reviewer": "R", "comment": NASTY, "time": ""}
    page = card_of(folder(review=review))
    assert page.all("article")[0]["data-review"] == "rejected"
    assert f"Reviewer: {NASTY}" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"review": {"status": '"]'}},
        {"findings": [finding("fatal", "x")]},
        {"measurements": []},
        {"parameters": {"minimum_csa_mm2": "x"}},
        {"schema": "other"},
    ],
)
def test_a_record_that_is_none_of_ours_is_no_result(folder, changes):
    assert finished_case(folder(**changes)) is None


def test_what_has_no_number_is_a_dash_and_sorts_last(folder):
    made = folder()
    record = json.loads((made / "result.json").read_text())
    for name in ("bv5_pct", "bv5_10_pct", "bv10_pct"):
        record["measurements"][0][name] = None
    (made / "result.json").write_text(json.dumps(record))
    page = card_of(made)
    assert page.all("article")[0]["data-bv5-pct"] == ""
    assert "BV5 – %" in page.words


def test_no_text_becomes_markup(folder):
    page = card_of(folder(findings=[finding("warning", NASTY)]), choice=NASTY)
    assert page.all("script") == []
    assert page.text.count(NASTY) == 2
    failure = Page(failed_card(NASTY, NASTY, NASTY))
    assert failure.all("script") == []
    assert failure.text.count(NASTY) == 3
    assert failure.all("article")[0]["data-name"] == NASTY


def test_the_sheet_counts_and_defines(folder):
    warned = finished_case(folder("a", findings=[finding("warning", "Thick.")]))
    review = {"status": "accepted", "reviewer": "", "comment": "", "time": ""}
    clean = finished_case(folder("b", findings=[], review=review))
    html = index_html(sheet_of([warned, clean], failed=3, to_do=4), [measured_card(warned, "")])
    page = Page(html)
    assert "2 measured, 1 of them with warnings or errors; 3 failed; 4 still to do" in page.words
    assert "BV5: 1.25 ≤ CSA < 5 mm²; BV5-10: 5 ≤ CSA < 10 mm²; BV10: CSA ≥ 10 mm²" in page.words
    assert "cannot be compared" not in page.words
    options = {each["value"] for each in page.all("option")}
    assert set(SORT_KEYS) | {"[data-failed]", "[data-doubtful]", "[data-review=accepted]"} < options
    # Nothing from anywhere else.
    assert not re.search(r"https?:|//[a-z]", re.sub(r"(?m)^\s*//.*$", "", html))


def test_cases_by_other_definitions_are_told(folder):
    first = finished_case(folder("a"))
    other = replace(first, parameters=replace(first.parameters, minimum_csa_mm2=0.0))
    page = Page(index_html(sheet_of([first, other], 0, 0), []))
    assert "different definitions of the classes and cannot be compared" in page.words
    assert "BV5: 0 ≤ CSA" in page.words
    assert "BV5: 1.25 ≤ CSA" in page.words


def test_the_file_holds_every_case_in_the_order_of_the_batch(tmp_path, written_case):
    out = tmp_path / "out"
    with BatchFolder.create(out, cases("c", "b", "a"), {}) as batch:
        batch.add(CaseStatus("b", "No lungs."))
        first = (out / "index.html").read_text("utf-8")
        assert "0 measured; 1 failed; 2 still to do" in Page(first).words
        for name in "ac":
            put_case(out, name, written_case)
            batch.add(CaseStatus(name))
    page = Page((out / "index.html").read_text("utf-8"))
    assert [each["data-name"] for each in page.all("article")] == ["c", "b", "a"]
    assert "2 measured" in page.words
    assert "still to do" not in page.words
    assert "No lungs." in page.text


def told_by_browser(html: str, script: str, folder: Path) -> dict:
    """What a script at the end of a page has put into `told` when the page was shown."""
    end = """addEventListener("pageshow", () => {
      document.body.textContent = "TOLD" + JSON.stringify(told) + "END";
    });"""
    page = folder / "page.html"
    script = f"<script>const told = {{}};{script}{end}</script></body>"
    page.write_text(html.replace("</body>", script), "utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={folder / 'profile'}", page.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=120)
    return json.loads(re.search("TOLD(.*)END</body>", done.stdout)[1])


SCRIPT = """
const names = () => shown.map((card) => card.dataset.name).join(" ");
const choose = (element, value) => {
  element.value = value;
  element.dispatchEvent(new Event(element === find ? "input" : "change"));
};
const press = (key) => (document.activeElement || document.body).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
addEventListener("pageshow", () => {
  told.plan = names();
  choose(sort, "bv5_pct"); told.up = names();
  direction.click(); told.down = names();
  choose(sort, "findings"); told.findings = names();
  choose(sort, "name"); told.name = names();
  choose(show, "[data-failed]"); told.failed = names();
  choose(show, "[data-doubtful]"); told.doubtful = names();
  choose(show, ""); choose(find, "thick"); told.found = names();
  told.visible = cards.filter((card) => !card.hidden).length;
  choose(find, ""); choose(sort, "plan");
  press("j"); press("ArrowRight"); press("k"); press("ArrowRight");
  told.focused = document.activeElement.dataset.name;
  press("Enter"); told.enlarged = viewer.open && viewer.querySelector("h2").textContent;
  press("ArrowRight"); told.next = viewer.querySelector("h2").textContent;
  press("ArrowRight"); press("ArrowRight"); press("ArrowRight");
  told.last = viewer.querySelector("h2").textContent;
  told.place = viewer.querySelector(".place").textContent;
  viewer.close(); press("/"); told.typing = document.activeElement.id;
});
"""
MANY_SCRIPT = """
const visible = () => cards.filter((card) => !card.hidden).length;
addEventListener("pageshow", () => {
  told.first = visible();
  shown[399].focus = () => { told.focused = !shown[399].hidden; };
  focus(shown[399]); told.reached = visible();
  sort.value = "name"; sort.dispatchEvent(new Event("change")); told.sorted = visible();
  dispatchEvent(new Event("beforeprint")); told.printed = visible();
});
"""


@pytest.mark.skipif(BROWSER is None, reason="no browser here")
def test_sorting_filtering_and_keys_in_a_browser(tmp_path, folder):
    def case(name, bv5_pct, *severities):
        words = {"error": "Cut.", "warning": "Thick slices.", "info": "Contrast."}
        made = folder(name, findings=[finding(each, words[each]) for each in severities])
        shown = finished_case(made)
        return replace(shown, values=dict(shown.values) | {"bv5_pct": bv5_pct})

    finished = [
        case("P10", 30.0, "warning"),
        case("P2", 9.5, "info"),
        case("P1", None, "error"),
        case("P3", 100.0),
    ]
    cards = [measured_card(each, "") for each in finished]
    cards.insert(1, failed_card("P5", "No lungs.", ""))
    html = index_html(sheet_of(finished, 1, 0), cards)
    assert told_by_browser(html, SCRIPT, tmp_path) == {
        "plan": "P10 P5 P2 P1 P3",
        # By value, not by text; what has none is last in either direction.
        "up": "P2 P10 P3 P5 P1",
        "down": "P3 P10 P2 P5 P1",
        "findings": "P1 P10 P2 P3 P5",
        "name": "P1 P2 P3 P5 P10",
        "failed": "P5",
        "doubtful": "P1 P10",
        "found": "P10",
        "visible": 1,
        "focused": "P5",
        "enlarged": "P5failed",
        "next": "P2",
        "last": "P3",
        "place": "5 of 5",
        "typing": "find",
    }


@pytest.mark.skipif(BROWSER is None, reason="no browser here")
def test_of_very_many_cases_only_the_near_ones_are_laid_out_but_all_are_printed(tmp_path):
    cards = [failed_card(f"P{i}", "No lungs.", "") for i in range(1000)]
    html = index_html(sheet_of([], 1000, 0), cards)
    told = told_by_browser(html, MANY_SCRIPT, tmp_path)
    assert told == {
        "first": 300,
        "reached": 400,
        "focused": True,
        "sorted": 300,
        "printed": 1000,
    }


def test_cases_with_errors_come_first_in_sheet_and_table(tmp_path, written_case):
    """Whatever the error's code: what needs a look is not looked for."""
    out = tmp_path / "out"
    batch = BatchFolder.create(out, cases("P1", "P2", "P3"), {})
    for name in ("P1", "P2", "P3"):
        changes = {"findings": [finding("error", "A lung is lost.")]} if name == "P2" else {}
        put_case(out, name, written_case, **changes)
        batch.add(CaseStatus(name))
    batch.close()
    assert batch.untrusted == ("P2",)
    page = Page((out / "index.html").read_text(encoding="utf-8"))
    assert "1 of 3 need a look" in page.text
    names = [attributes["data-name"] for tag, attributes in page.tags if "data-name" in attributes]
    assert names == ["P2", "P1", "P3"]
    assert [row["case"] for row in rows(out / "measurements.csv")][::3] == ["P2", "P1", "P3"]


def test_a_card_says_what_is_not_given(folder):
    withheld = {"code": "incomplete_chest", "reason": "The scan shows a slab.", "measures": []}
    assert "Not given (–): The scan shows a slab." in card_of(folder(withheld=[withheld])).text
