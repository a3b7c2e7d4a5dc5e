"""What the served models do not have but the protocols allow: shapes that contain themselves, flattened lists and maps,
names on the wire, blobs and every format of a timestamp, against botocore's serialisers and parsers."""

from typing import Any

import pytest
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.errors import ApiError
from slipway.wire.models import read_service
from tests.wire.test_round_trips import parsed, sent

METADATA = {
    "apiVersion": "2020-01-01",
    "endpointPrefix": "synthetic",
    "jsonVersion": "1.1",
    "serviceId": "Synthetic",
    "targetPrefix": "Synthetic",
    "xmlNamespace": "https://synthetic.example/",
}
SHAPES: dict[str, Any] = {
    "Tree": {
        "type": "structure",
        "required": ["Name"],
        "members": {
            "Name": {"shape": "String", "locationName": "TheName"},
            "Children": {"shape": "Trees"},
            "ByName": {"shape": "TreeMap"},
            "Flat": {"shape": "FlatStrings"},
            "Renamed": {"shape": "FlatRenamed"},
            "FlatMap": {"shape": "FlatMap"},
            "Data": {"shape": "Blob"},
            "Ratio": {"shape": "Float"},
            "Text": {"shape": "Iso"},
            "Number": {"shape": "Unix"},
            "Mail": {"shape": "Rfc"},
            "Plain": {"shape": "Time"},
        },
    },
    "Trees": {"type": "list", "member": {"shape": "Tree", "locationName": "Leaf"}},
    "TreeMap": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Tree"}},
    "FlatStrings": {"type": "list", "flattened": True, "member": {"shape": "String"}},
    "FlatRenamed": {"type": "list", "flattened": True, "member": {"shape": "String", "locationName": "Item"}},
    "FlatMap": {
        "type": "map",
        "flattened": True,
        "key": {"shape": "String", "locationName": "K"},
        "value": {"shape": "String", "locationName": "V"},
    },
    "String": {"type": "string"},
    "Blob": {"type": "blob"},
    "Float": {"type": "float"},
    "Time": {"type": "timestamp"},
    "Iso": {"type": "timestamp", "timestampFormat": "iso8601"},
    "Unix": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
    "Rfc": {"type": "timestamp", "timestampFormat": "rfc822"},
}
OPERATION = {
    "name": "Grow",
    "http": {"method": "POST", "requestUri": "/"},
    "input": {"shape": "Tree"},
    "output": {"shape": "Tree", "resultWrapper": "GrowResult"},
}
MODELS = {
    protocol: ServiceModel(
        {"metadata": {**METADATA, "protocol": protocol}, "operations": {"Grow": OPERATION}, "shapes": SHAPES},
        "synthetic",
    )
    for protocol in ("json", "query")
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=8)
INSTANTS = st.integers(0, 4_000_000_000)
LEAVES = {
    "Flat": st.lists(TEXTS, min_size=1, max_size=11),
    "Renamed": st.lists(TEXTS, min_size=1, max_size=3),
    "FlatMap": st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3),
    "Data": st.binary(max_size=9),
    "Ratio": st.floats(-1e9, 1e9),
    "Text": INSTANTS,
    "Number": INSTANTS,
    "Mail": INSTANTS,
    "Plain": INSTANTS,
}


def tree_of(children: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A structure whose members may be more of its kind."""
    inner = {
        "Children": st.lists(children, max_size=3),
        "ByName": st.dictionaries(TEXTS, children, min_size=1, max_size=2),
    }
    return st.fixed_dictionaries({"Name": TEXTS}, optional=LEAVES | inner)


TREES = st.recursive(st.fixed_dictionaries({"Name": TEXTS}, optional=LEAVES), tree_of, max_leaves=5)


@pytest.mark.parametrize("protocol", ["json", "query"])
@given(tree=TREES)
def test_any_value_makes_the_round_trip(protocol: str, tree: dict[str, Any]) -> None:
    model = MODELS[protocol]
    route = sent(model.operation_model("Grow"), tree, [SERVICES[protocol]])
    assert route.protocol.parse("Grow", route.content) == tree

    read = parsed(
        route.protocol.answer("Grow", tree, "request-1"), protocol, model.operation_model("Grow").output_shape
    )
    read.pop("ResponseMetadata")
    assert read == tree


@pytest.mark.parametrize("protocol", ["json", "query"])
def test_a_member_missing_deep_inside_is_named(protocol: str) -> None:
    tree = {"Name": "a", "Children": [{"Name": "b"}, {"Ratio": 1.0}], "ByName": {"c": {"Ratio": 2.0}}}
    route = sent(MODELS[protocol].operation_model("Grow"), tree, [SERVICES[protocol]])
    with pytest.raises(ApiError, match=r"Children\[1\]\.Name and ByName\.c\.Name are required; give each a value"):
        route.protocol.parse("Grow", route.content)


@pytest.mark.parametrize(
    ("member", "value", "sentence"),
    [
        pytest.param("Data", "not base64!", "The blob is not base64", id="blob"),
        pytest.param("Text", "tomorrow", "'tomorrow' is not a timestamp in the format iso8601", id="iso8601"),
        pytest.param("Mail", "tomorrow", "'tomorrow' is not a timestamp in the format rfc822", id="rfc822"),
        pytest.param("Ratio", "x", "'x' is not a number|STRING_VALUE can not be converted to a Double", id="float"),
    ],
)
@pytest.mark.parametrize("protocol", ["json", "query"])
def test_a_leaf_that_can_not_be_read_is_refused(protocol: str, member: str, value: str, sentence: str) -> None:
    route = sent(MODELS[protocol].operation_model("Grow"), {"Name": "a"}, [SERVICES[protocol]])
    if protocol == "json":
        content: Any = f'{{"{member}": "{value}"}}'.encode()
    else:
        content = {member: value}
    with pytest.raises(ApiError, match=sentence):
        route.protocol.parse("Grow", content)


def test_a_number_that_no_double_holds_is_refused() -> None:
    route = sent(MODELS["json"].operation_model("Grow"), {"Name": "a"}, [SERVICES["json"]])
    with pytest.raises(ApiError, match=r"The number does not fit a Double \(at Ratio\)"):
        route.protocol.parse("Grow", b'{"Ratio": 1%s}' % (b"0" * 400))


def services() -> dict[str, Any]:
    """The synthetic service in each protocol."""
    document = {"operations": {"Grow": OPERATION}, "shapes": SHAPES}
    spoken = {"json": METADATA, "query": {name: value for name, value in METADATA.items() if name != "targetPrefix"}}
    return {
        protocol: read_service("synthetic", {**document, "metadata": {**metadata, "protocol": protocol}})
        for protocol, metadata in spoken.items()
    }


SERVICES = services()
