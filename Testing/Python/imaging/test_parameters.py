"""Parameters as they come from a JSON file: what fits is taken, what does not is told in a line."""

import json

import pytest
from BV5AnalysisLib.imaging.errors import AnalysisError
from BV5AnalysisLib.imaging.parameters import Parameters

BAD = [
    ('{"minimum_csa_mm2": null}', "minimum_csa_mm2 is null; give a finite number"),
    ('{"minimum_component_length_mm": null}', "minimum_component_length_mm is null"),
    ('{"minimum_csa_mm2": "1"}', 'minimum_csa_mm2 is "1"'),
    ('{"minimum_csa_mm2": true}', "minimum_csa_mm2 is true"),
    ('{"minimum_csa_mm2": NaN}', "minimum_csa_mm2 is NaN"),
    ('{"minimum_csa_mm2": [1.25]}', "minimum_csa_mm2 is [1.25]"),
    ('{"blood_hu": "40"}', 'blood_hu is "40"'),
    ('{"blood_hu": Infinity}', "blood_hu is Infinity"),
    ('{"blood_hu": 2000}', "blood_hu is 2000; blood is between -100 and 1500 HU"),
    ('{"class_bounds_mm2": null}', "class_bounds_mm2 is null; give two finite numbers"),
    ('{"class_bounds_mm2": 5}', "class_bounds_mm2 is 5; give two finite numbers"),
    ('{"class_bounds_mm2": [5, null]}', "class_bounds_mm2 is [5, null]; give two"),
    ('{"class_bounds_mm2": [5]}', "class_bounds_mm2 is [5]; give two"),
    ('{"class_bounds_mm2": [5, 10, 20]}', "class_bounds_mm2 is [5, 10, 20]; give two"),
    ('{"class_bounds_mm2": {"a": 1, "b": 2}}', "class_bounds_mm2 is"),
    ('{"class_bounds_mm2": [10, 5]}', "Class bounds must rise"),
    ('{"minimum_csa_mm2": 5}', "Class bounds must rise"),
    ('{"minimum_csa_mm2": -1}', "Class bounds must rise"),
    ('{"minimum_component_length_mm": -1}', "minimum_component_length_mm must not be negative"),
    (f'{{"blood_hu": 1{"0" * 400}}}', "give a finite number"),
    ('{"blood": 40}', "Unknown parameter blood; known are minimum_csa_mm2,"),
    ("[5, 10]", "must be a JSON object"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_does_not_fit_is_told_in_one_line(text, message):
    with pytest.raises(AnalysisError) as caught:
        Parameters.from_dict(json.loads(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_blood_alone_may_be_null():
    assert Parameters.from_dict({"blood_hu": None}) == Parameters()


def test_values_survive_json():
    parameters = Parameters(0.0, (4.0, 12.5), 180.0, 0.0)
    assert Parameters.from_dict(json.loads(json.dumps(parameters.to_dict()))) == parameters
    assert Parameters.from_dict({}) == Parameters()
