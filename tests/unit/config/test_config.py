import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from likelight.config.address import leaves_own_network
from likelight.config.cautions import cautions
from likelight.config.paired import write_paired
from likelight.config.settings import Config, ConfigError, read_config, read_layered


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
        ("[web]\nport = 99999", "line 2: web.port: use 65535 or less"),
        ("[camera]\ndriver = 'file'", "path belongs to driver"),
        ("[cloud]\ntoken_file = '/t'", "token_file belongs to url"),
        ("[kitchen]\nid = 'No Spaces'", "kitchen.id"),
        ("[kitchen]\nname = '  '", "kitchen.name"),
        ("[web", "line 1: a table is [NAME], closed with the same brackets"),
        (
            "board = pi-4",
            'line 1: a text stands in quotes, a switch is true or false: board = "pi-4"',
        ),
        ("[lights]\n[lights]", "line 2: several lamps are [[lights]] each"),
    ],
)
def test_a_mistake_is_reported_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, text))
    assert told in str(error.value)


SCHEME = "write it with https://, for example https://cloud.example "


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("127.0.0.1:18710", SCHEME),
        ("cloud.example", SCHEME),
        ("localhost:8090", SCHEME),
        ("//cloud.example", SCHEME),
        ("https:/cloud.example", SCHEME),
        ("https://", SCHEME),
        ("htps://cloud.example", SCHEME),
        ("ftp://cloud.example", SCHEME),
        ("", SCHEME),
        ("https://cloud.example:port", "the port, after the last :, is a number from 1 to 65535"),
        ("https://cloud.example:99999", "the port, after the last :, is a number from 1 to 65535"),
        ("https://cloud.example:0", "the port, after the last :, is a number from 1 to 65535"),
        ("https://cloud.example ", "a space stands before or after the address"),
        ("https://cloud. example", "a space stands in the address"),
        ("https://cloud.example/k/store-17", "leave out what comes after the host"),
        ("https://cloud.example/?a=b", "leave out what comes after the host"),
        ("https://cloud.example/#", "leave out what comes after the host"),
        ("https://user:hunter2@cloud.example", "leave out what stands before the @"),
        ("https://@cloud.example", "leave out what stands before the @"),
        ("https://cloud..example.com", "two dots stand side by side"),
        ("https://.example.com", "two dots stand side by side"),
        ("https://" + "a" * 64 + ".example", "the host's name is too long: at most 63 letters"),
        ("https://" + "a." * 127 + "example", "the host's name is too long"),
        ("https://-cloud.example", "a host's name has letters, digits, - and dots only"),
        ("https://192.168.1.300", "this is not an address of four numbers, each 0 to 255"),
        ("https://[::1", "the host can't be understood"),
        ("https://[::z]", "the"),
    ],
)
def test_a_cloud_that_no_http_client_can_reach_is_refused_with_its_line(
    tmp_path: Path, url: str, told: str
) -> None:
    text = f'[web]\nport = 80\n[cloud]\nurl = "{url}"\ntoken_file = "/t"'
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, text))
    assert f"line 4: cloud.url: {told}" in str(error.value)
    assert "hunter2" not in str(error.value)
    assert "line 2: web.port: use 1024 or more" in str(error.value)


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("https://cloud.example", False),
        ("http://cloud.example", True),
        ("http://8.8.8.8:8090", True),
        ("http://192.168.1.7:8090", False),
        ("http://[fd00::1]", False),
        ("http://localhost:8090", False),
        ("http://cloud.local", False),
        ("http://cloud", False),
    ],
)
def test_a_token_that_leaves_its_network_unencrypted_is_seen(url: str, leaves: bool) -> None:
    assert leaves_own_network(url) is leaves


@pytest.mark.parametrize(
    "url",
    [
        "https://cloud.example",
        "http://192.168.1.7:8090/",
        "https://[fd00::1]:8443",
        "https://wolke.küche",
    ],
)
def test_a_cloud_is_an_address_with_its_scheme(tmp_path: Path, url: str) -> None:
    text = f'[cloud]\nurl = "{url}"\ntoken_file = "/t"'
    assert read_config(written(tmp_path, text)).cloud.url == url


def test_a_proxy_is_an_address_or_a_range(tmp_path: Path) -> None:
    text = '[web]\ntrusted_proxies = ["10.0.0.7", "2001:db8::/64"]'
    assert read_config(written(tmp_path, text)).web.trusted_proxies == (
        "10.0.0.7/32",
        "2001:db8::/64",
    )
    with pytest.raises(
        ConfigError, match=r"line 2: web\.trusted_proxies.*not the address of a proxy"
    ):
        read_config(written(tmp_path, '[web]\ntrusted_proxies = ["nginx.example"]'))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("kitchen.example", "write it with https://, for example https://kitchen.example"),
        ("https://kitchen.example/k/demo", "leave out what comes after the host"),
        ("https://kitchen..example", "two dots stand side by side"),
    ],
)
def test_a_public_url_is_an_address_without_a_path(tmp_path: Path, url: str, told: str) -> None:
    text = f'[web]\npublic_urls = ["https://kitchen.example:8443", "{url}"]'
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, text))
    assert "line 2: web.public_urls" in str(error.value)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("xx", "; there is: ar, de, en"),
        ("tlh", "; there is: "),
        ("", "; there is: "),
        (" de", '; write "de"'),
        ("EN", '; write "en"'),
        ("de_DE", '; write "de"'),
        ("de-AT", '; write "de"'),
    ],
)
def test_a_language_that_settings_does_not_name_is_told_with_the_other_mistakes_and_its_line(
    tmp_path: Path, language: str, told: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, f'[kitchen]\nlanguage = "{language}"\n[web]\nport = 80'))
    assert f"line 2: kitchen.language: there are no notes in '{language}'{told}" in str(error.value)
    assert "line 4: web.port: use 1024 or more" in str(error.value)


def test_a_file_of_windows_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes(b'\xef\xbb\xbf[kitchen]\r\nid = "lehi"\r\n')
    assert read_config(path).kitchen.id == "lehi"


def test_a_file_in_another_encoding_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes(b'[kitchen]\nname = "Caf\xe9"\n')
    with pytest.raises(ConfigError, match="line 2: a letter here is not saved as UTF-8: in Not"):
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
    switch = name in ("active_low", "barcode", "viewers_at_rest")
    for value in ('"true"', "1", "0.0") if switch else ("true", "false", '"1"', '"10000"'):
        with pytest.raises(ConfigError, match=rf"line 2: {table}\.{name}: this takes .*quotes"):
            read_config(written(tmp_path, f"[{table}]\n{name} = {value}"))


def test_a_whole_number_is_also_a_number_and_masks_take_no_texts(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, "[quiet]\nbrightness = 1")).quiet.brightness == 1
    with pytest.raises(ConfigError, match=r"camera\.masks\.0\.1\.0: this takes a number"):
        read_config(written(tmp_path, '[camera]\nmasks = [[[0, 0], ["1", 0], [1, 1]]]'))


PATHS = (
    ("", "state_dir", ""),
    ("kitchen", "catalogue", ""),
    ("cloud", "token_file", 'url = "https://cloud.example"'),
    ("cloud", "ca_file", 'url = "https://cloud.example"\ntoken_file = "/t"'),
    ("camera", "path", 'driver = "file"'),
    ("camera", "device", 'driver = "usb"'),
    ("push", "url_file", ""),
    ("push", "ca_file", 'url_file = "/t"'),
    ("lights", "device", ""),
    ("display", "device", ""),
)


def test_the_list_of_paths_is_whole() -> None:
    schema = Config.model_json_schema()
    found = {("", "state_dir")}
    for table, tables in schema["properties"].items():
        if (names := re.search(r"#/\$defs/(\w+)", json.dumps(tables))) is not None:
            settings = schema["$defs"][names[1]]["properties"]
            found |= {(table, name) for name in settings if '"path"' in json.dumps(settings[name])}
    assert found == {(table, name) for table, name, _ in PATHS}


@pytest.mark.parametrize(("table", "name", "beside"), PATHS)
def test_a_path_is_whole_or_begins_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, name: str, beside: str
) -> None:
    monkeypatch.setenv("HOME", "/home/cook")
    head = f"[{table}]\n{beside}\n" if table else "\n\n"

    def read(value: str) -> Path:
        config = read_config(written(tmp_path, f"{head}{name} = {value}"))
        inside = getattr(config, table) if table else config
        return Path(getattr(inside[0] if table == "lights" else inside, name))

    assert read('"/srv/x"') == Path("/srv/x")
    assert read('"~/x"') == Path("/home/cook/x")
    for value, told in (
        ('"x"', "write the whole path, from / on, such as /var/lib/likelight/x"),
        ('"./x"', "write the whole path"),
        ('""', "write the whole path"),
        ("'C:\\Users\\x'", "this is a path of Windows"),
        ('"/srv/\\u0000x"', "can't be seen"),
        ('"/srv\\temp"', "can't be seen"),
        ('"~nobody-of-this-name/x"', "there is no home directory"),
        ("3", "this takes a path in quotes"),
    ):
        with pytest.raises(ConfigError) as error:
            read(value)
        setting = f"{table}.{name}" if table else name
        line = 3 + beside.count("\n")
        assert f"  line {line}: {setting}: " in str(error.value), value
        assert told in str(error.value), value


def test_what_stands_below_a_table_by_mistake_is_sent_above_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, '[web]\nport = 8080\n\nboard = "pi-4"\nkit = "cheap"'))
    for line, name in ((4, "board"), (5, "kit")):
        told = f"line {line}: web.{name}: {name} belongs above the first table: move this line"
        assert told in str(error.value)


RAW = re.compile(
    "should|Input|Value error|Field required|pattern|pydantic|tomllib|at line|column|Traceback|"
    "Expected|Invalid|Unterminated|Illegal"
)
WRONG = (
    *('"x"', "true", "-1", "10000000000", "1.5", "inf", "nan", "[]", "[1]", "{a = 1}"),
    *("2024-01-01", "9" * 390, f'"{"x" * 100}"', "[[[0, 0], [1, 0], [0]]]", "[[[0, 0]]]"),
)


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, setting in model.model_fields.items():
        kinds = (setting.annotation, *get_args(setting.annotation))
        tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        yield from leaves(tables[0], f"{prefix}{name}.") if tables else [prefix + name]


@pytest.mark.parametrize("name", tuple(leaves(Config)))
def test_no_words_of_a_library_are_shown_whatever_a_setting_says(tmp_path: Path, name: str) -> None:
    refused = 0
    for value in WRONG:
        try:
            read_config(written(tmp_path, f"{name} = {value}"))
        except ConfigError as error:
            refused += 1
            lines = str(error).split("\n")[1:]
            assert all(line.startswith("  line 1: ") for line in lines), lines
            assert not RAW.search("\n".join(lines)), lines
    assert refused > 3


def test_a_kitchens_id_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line 2: kitchen\.id: an id stands in addresses: up to"):
        read_config(written(tmp_path, '[kitchen]\nid = "Store 17"'))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_with_what_to_choose_in_notepad(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes('[kitchen]\nid = "lehi"\n'.encode(encoding))
    with pytest.raises(ConfigError, match=r"line 1: .*UTF-16.*Save as, and the encoding UTF-8"):
        read_config(path)


def test_a_file_that_a_power_cut_left_full_of_zeros_is_told(tmp_path: Path) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes(b"\0" * 300)
    with pytest.raises(ConfigError, match="line 1: the file is empty or damaged: write it anew"):
        read_config(path)


BROKEN = """\
board = pi-4
[kitchen
id = “lehi”
name = "Caf\udce9"
[web]
port = 80
host: "0.0.0.0"
[camera]
fps = 1
driver = usb
[lights]
driver = "pwm"
"""


def test_mistakes_of_every_kind_are_told_at_once_in_the_order_of_their_lines(
    tmp_path: Path,
) -> None:
    path = tmp_path / "likelight.toml"
    path.write_bytes(BROKEN.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as error:
        read_config(path)
    lines = str(error.value).split("\n")[1:]
    assert [int(line.split()[1].rstrip(":")) for line in lines] == [1, 2, 3, 4, 6, 7, 9, 10]


def test_the_kitchen_that_was_paired_lies_below_the_configuration(tmp_path: Path) -> None:
    write_paired(tmp_path, "store-17", 'Caf\u00e9 "17" \U0001f35f')
    cloud = f'state_dir = "{tmp_path}"\n[cloud]\nurl = "https://cloud.example"\n'
    kitchen = read_config(written(tmp_path, cloud)).kitchen
    assert (kitchen.id, kitchen.name) == ("store-17", 'Caf\u00e9 "17" \U0001f35f')
    kitchen = read_config(written(tmp_path, f'{cloud}[kitchen]\nid = "lehi"')).kitchen
    assert (kitchen.id, kitchen.name) == ("lehi", 'Caf\u00e9 "17" \U0001f35f')
    # A cloud inside pairs nobody.
    assert read_config(written(tmp_path, f'state_dir = "{tmp_path}"')).kitchen.id == "kitchen"
    here = '[cloud]\nurl = "https://cloud.example"\n'
    assert read_config(written(tmp_path, here), tmp_path).kitchen.id == "store-17"


def test_what_was_paired_sets_nothing_but_the_kitchen(tmp_path: Path) -> None:
    # The service's account may write it, and root's commands read it.
    paired = tmp_path / "paired.toml"
    paired.write_text(
        'web.port = 9999\n[cloud]\ntoken_file = "/etc/shadow"\n'
        '[kitchen]\nid = "store-17"\ntimezone = "Asia/Tokyo"\n'
    )
    text = f'state_dir = "{tmp_path}"\n[cloud]\nurl = "https://cloud.example"\n'
    config = read_config(written(tmp_path, text))
    assert (config.kitchen.id, config.kitchen.timezone) == ("store-17", None)
    assert config.web.port != 9999
    assert config.token_file == tmp_path / "token"
    # Nor does it hold anybody up.
    paired.unlink()
    os.mkfifo(paired)
    assert read_config(written(tmp_path, text)).kitchen.id == "kitchen"


def test_what_was_paired_and_is_damaged_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "paired.toml").write_text("[kitchen\n")
    text = f'state_dir = "{tmp_path}"\n[cloud]\nurl = "https://cloud.example"\n'
    with pytest.raises(ConfigError, match=rf"{tmp_path}/paired\.toml, line 1: "):
        read_config(written(tmp_path, text))


def test_the_layers_lie_in_their_order_and_each_mistake_names_its_place(tmp_path: Path) -> None:
    text = "[web]\nport = 8081\n[camera]\nfps = 10\nwidth = 640\nheight = 360"
    path, more = written(tmp_path, text), tmp_path / "conf.d"
    more.mkdir()
    (more / "20-b.toml").write_text("[camera]\nheight = 362")
    (more / "10-a.toml").write_text("[camera]\nwidth = 642\nheight = 364")
    (more / "30-c.txt").write_text("[[[")
    environ = {"LIKELIGHT_CAMERA__FPS": "12", "LIKELIGHT_KITCHEN__NAME": "Store 17"}
    environ["LIKELIGHT_LONG"] = "1"
    config = read_layered(path, environ, ["kitchen.id=lehi", "camera.fps=15"]).config
    assert (config.camera.fps, config.camera.width, config.camera.height) == (15, 642, 362)
    assert (config.web.port, config.kitchen.name, config.kitchen.id) == (8081, "Store 17", "lehi")

    (more / "20-b.toml").write_text("[camera]\nhieght = 362\nfps = = 3")
    environ = {"LIKELIGHT_WEB__PORT": "80", "LIKELIGHT_CAMRA__FPS": "9", "LIKELIGHT_BOARD": "pi4"}
    with pytest.raises(ConfigError) as error:
        read_layered(path, environ, ["kitchen.id=No!"])
    for told in (
        "conf.d/20-b.toml, line 2: camera.hieght: no such setting; did you mean height?",
        "conf.d/20-b.toml, line 3: ",
        "LIKELIGHT_WEB__PORT: web.port: use 1024 or more",
        "LIKELIGHT_CAMRA__FPS: camra: no such setting; did you mean camera?",
        "LIKELIGHT_BOARD: board: no board is called 'pi4'; did you mean pi-4?",
        "--set kitchen.id: kitchen.id: an id stands in addresses",
    ):
        assert f"\n  {told}" in str(error.value)


def test_a_conf_d_that_can_not_be_listed_is_a_mistake_for_it_may_hold_a_mask(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, "[camera]\nfps = 10")
    (tmp_path / "conf.d").write_text("no folder")
    with pytest.raises(ConfigError, match=r"\n  conf\.d: can't be read: Not a directory"):
        read_config(path)


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("proxy.example:3128", "write it with http://, for example http://proxy.example:3128"),
        ("https://proxy.example:3128", "write it with http://"),
        ("socks5://proxy.example:1080", "write it with http://"),
        ("http://proxy.example", "add its port"),
        ("http://cook:hunter2@proxy.example:3128", "no user and no password belongs here"),
        ("http://proxy..example:3128", "two dots stand side by side"),
    ],
)
def test_a_proxy_is_refused_with_its_line(tmp_path: Path, proxy: str, told: str) -> None:
    cloud = '[cloud]\nurl = "https://cloud.example"\ntoken_file = "/t"\n'
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, f'{cloud}proxy = "{proxy}"'))
    assert "line 4: cloud.proxy: " in str(error.value)
    assert told in str(error.value)
    assert "hunter2" not in str(error.value)
    right = read_config(written(tmp_path, f'{cloud}proxy = "http://proxy.example:3128"'))
    assert right.cloud.proxy == "http://proxy.example:3128"


NO_CERTIFICATE = (
    (b"", "holds no certificate: a PEM file begins with -----BEGIN CERTIFICATE-----"),
    (b"\0\0\0", "holds no certificate"),
    (b"-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", "holds a private key"),
    (b"0\x82\x01\x02", "is not PEM: `openssl x509 -inform der -in"),
    (
        b"-----BEGIN CERTIFICATE-----\nMC4=\n-----END CERTIFICATE-----\n",
        "is damaged: copy it again",
    ),
)
HEADS = {
    "cloud": '[cloud]\nurl = "https://cloud.example"\ntoken_file = "/t"\n',
    "push": '[push]\n\nurl = "rtmps://media.example/live/x"\n',
}


@pytest.mark.parametrize(("content", "told"), NO_CERTIFICATE)
@pytest.mark.parametrize("table", ["cloud", "push"])
def test_a_file_of_authorities_without_one_is_refused_with_its_line(
    tmp_path: Path, table: str, content: bytes, told: str
) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_config(written(tmp_path, f'{HEADS[table]}ca_file = "{file}"'))
    assert f"  line 4: {table}.ca_file: " in str(error.value)
    assert told in str(error.value)


def test_a_file_of_authorities_that_is_not_there_yet_is_only_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    config = read_config(written(tmp_path, f'{HEADS["cloud"]}ca_file = "{file}"'))
    (warning,) = cautions(config)
    assert warning.startswith(f"cloud.ca_file: there is no {file}: put ")
    file.mkdir()
    assert "Is a directory" in cautions(config)[0]


@pytest.mark.parametrize("url", ["", 'url = "http://cloud.lan"\ntoken_file = "/t"\n'])
def test_a_file_of_authorities_belongs_to_https(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="ca_file belongs to a url that begins with https://"):
        read_config(written(tmp_path, f'[cloud]\n{url}ca_file = "/x"'))
