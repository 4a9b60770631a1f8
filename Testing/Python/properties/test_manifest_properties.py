"""Manifests: what a program writes is what is read, in any form; made names are usable ones."""

import csv
import io

from BV5AnalysisLib.study.scans.case_names import folded, problem_of_name, safe_name
from BV5AnalysisLib.study.scans.manifest import read_manifest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

names = st.text("abcXYZ019_-. éß漢()", min_size=1, max_size=12).map(str.strip)
good_names = names.filter(lambda name: not problem_of_name(name))
paths = st.text("abc/._- é,;|\t'\"漢", min_size=1, max_size=15).map(str.strip).filter(bool)
rows = st.lists(
    st.tuples(good_names, paths, paths | st.just("")),
    min_size=1,
    max_size=6,
    unique_by=lambda row: folded(row[0]),
)
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(content: list, delimiter: str, quoting: int, end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(content)
    return text.getvalue()


@given(
    rows,
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations([0, 1, 2]),
)
@same_folder
def test_written_cases_are_read(tmp_path, cases, delimiter, encoding, end, order):
    content = [("case", "path", "lungs"), *cases]
    content = [[row[place] for place in order] for row in content]
    path = tmp_path / "list.csv"
    path.write_bytes(written(content, delimiter, csv.QUOTE_ALL, end).encode(encoding))
    found = read_manifest(path).rows
    assert [row.case for row in found] == [case for case, *_ in cases]
    assert [row.path for row in found] == [tmp_path / scan for _, scan, _ in cases]
    assert [row.lungs for row in found] == [tmp_path / m if m else None for *_, m in cases]


@given(st.text(max_size=150))
def test_a_made_name_can_be_a_folder_and_stays(text):
    name = safe_name(text)
    assert problem_of_name(name) == ""
    assert safe_name(name) == name


@given(st.text(max_size=30))
@same_folder
def test_a_good_name_is_a_folder_of_that_name(tmp_path, text):
    if problem_of_name(text):
        return
    folder = tmp_path / text
    folder.mkdir(exist_ok=True)
    assert folder.is_dir()
    assert folder.parent == tmp_path
