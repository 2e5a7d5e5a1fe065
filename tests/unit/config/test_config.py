import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from likelight.config.settings import Config, ConfigError, read_config


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "likelight.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_a_complete_configuration(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, "")) == Config()


def test_a_file_overrides_the_defaults(tmp_path: Path) -> None:
    config = read_config(
        written(tmp_path, '[kitchen]\nid = "lehi"\n[camera]\ndriver = "file"\npath = "/srv/a.mp4"')
    )
    assert config.kitchen.id == "lehi"
    assert config.camera.path == Path("/srv/a.mp4")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[camera]\ndrvier = 'sim'", "camera.drvier: no such setting; did you mean driver?"),
        ("[web]\nport = 99999", "web.port: Input should be less than or equal to 65535"),
        ("[camera]\ndriver = 'file'", "path belongs to driver"),
        ("[cloud]\nurl = 'https://x.example'", "url and token_file belong together"),
        ("[kitchen]\nid = 'No Spaces'", "kitchen.id"),
        ("[kitchen]\nname = '  '", "kitchen.name"),
        ("[web", "not valid TOML"),
        ("board = pi-4", "line 1, column 9); a text stands in quotes"),
        ("[lights]\n[lights]", "several lamps are [[lights]] each"),
    ],
)
def test_a_mistake_is_reported_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, text))
    assert told in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:18710",
        "cloud.example",
        "localhost:8090",
        "//cloud.example",
        "https:/cloud.example",
        "https://",
        "ftp://cloud.example",
        "https://cloud.example:port",
        "https://cloud.example:99999",
        "https://cloud.example ",
        "https://cloud.example/?a=b",
        "https://[::1",
        "",
    ],
)
def test_a_cloud_that_no_http_client_can_reach_is_refused_with_its_line(
    tmp_path: Path, url: str
) -> None:
    text = f'[web]\nport = 0\n[cloud]\nurl = "{url}"\ntoken_file = "/t"'
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, text))
    assert "line 4: cloud.url: write it with https://, for example https://cloud.example " in str(
        error.value
    )
    assert "web.port" in str(error.value)


@pytest.mark.parametrize(
    "url", ["https://cloud.example", "http://192.168.1.7:8090/", "https://x.example/base"]
)
def test_a_cloud_is_an_address_with_its_scheme(tmp_path: Path, url: str) -> None:
    text = f'[cloud]\nurl = "{url}"\ntoken_file = "/t"'
    assert read_config(written(tmp_path, text)).cloud.url == url


@pytest.mark.parametrize("language", ["xx", "tlh", "", " de", "deutsch"])
def test_a_language_without_notes_is_told_with_the_other_mistakes_and_its_line(
    tmp_path: Path, language: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, f'[kitchen]\nlanguage = "{language}"\n[web]\nport = 0'))
    assert f"line 2: kitchen.language: there are no notes in '{language}'" in str(error.value)
    assert "line 4: web.port" in str(error.value)


@pytest.mark.parametrize("language", ["de", "de-AT", "de_AT", "DE"])
def test_a_language_may_name_its_region(tmp_path: Path, language: str) -> None:
    config = read_config(written(tmp_path, f'[kitchen]\nlanguage = "{language}"'))
    assert config.kitchen.language == language


def test_a_file_of_windows_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes(b'\xef\xbb\xbf[kitchen]\r\nid = "lehi"\r\n')
    assert read_config(path).kitchen.id == "lehi"


def test_a_file_in_another_encoding_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes(b'[kitchen]\nname = "Caf\xe9"\n')
    with pytest.raises(ConfigError, match="not saved as UTF-8: see line 2"):
        read_config(path)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, "[web]\nport = 0\n[camera]\nfps = 1"))
    assert "web.port" in str(error.value)
    assert "camera.fps" in str(error.value)


@pytest.mark.parametrize("depth", [100, 200, 300, 400, 1000, 100_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_a_file_of_many_brackets_is_refused_in_words(
    tmp_path: Path, depth: int, brackets: str
) -> None:
    opens = "{a = " if brackets == "{}" else "["
    inside = "1" if brackets == "{}" else ""
    text = f"board = {opens * depth}{inside}{brackets[1] * depth}"
    with pytest.raises(ConfigError, match=r"board: |nested too deeply"):
        read_config(written(tmp_path, text))


def test_a_missing_file_is_reported_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        read_config(tmp_path / "absent.toml")


def numbers_and_switches() -> Iterator[tuple[str, str]]:
    """Yield table and name of each setting that takes a number, or true and false."""
    schema = Config.model_json_schema()
    for table, tables in schema["properties"].items():
        if (names := re.search(r"#/\$defs/(\w+)", json.dumps(tables))) is None:
            continue
        for name, setting in schema["$defs"][names[1]]["properties"].items():
            kinds = {kind.get("type") for kind in setting.get("anyOf", [setting])}
            if kinds & {"integer", "number", "boolean"}:
                yield table, name


FOUND = tuple(numbers_and_switches())


def test_the_walk_finds_numbers_and_switches() -> None:
    assert {
        ("web", "port"),
        ("quiet", "brightness"),
        ("camera", "barcode"),
        ("lights", "leds"),
        ("display", "rotate"),
        ("display", "mm_per_px"),
        ("buttons", "pin_privacy"),
    } <= set(FOUND)


@pytest.mark.parametrize(("table", "name"), FOUND, ids=str)
def test_a_number_and_a_switch_are_of_tomls_own_types(
    tmp_path: Path, table: str, name: str
) -> None:
    kinds = {"active_low": ('"true"', "1", "0.0"), "barcode": ('"true"', "1", "0.0")}
    for value in kinds.get(name, ("true", "false", '"1"', '"10000"')):
        with pytest.raises(ConfigError, match=rf"line 2: {table}\.{name}: this takes .*quotes"):
            read_config(written(tmp_path, f"[{table}]\n{name} = {value}"))


def test_a_whole_number_is_also_a_number_and_masks_take_no_texts(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, "[quiet]\nbrightness = 1")).quiet.brightness == 1
    with pytest.raises(ConfigError, match=r"camera\.masks\.0\.1\.0: this takes a number"):
        read_config(written(tmp_path, '[camera]\nmasks = [[[0, 0], ["1", 0], [1, 1]]]'))
