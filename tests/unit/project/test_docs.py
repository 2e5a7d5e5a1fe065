"""What a user can set is in SETTINGS.md, and what can be typed in the README."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from likelight.cli import main as cli
from likelight.config.settings import Config, ConfigError, read_config
from likelight_cloud.cli import main as cloud_cli

PROJECT = Path(__file__).parents[3]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SETTINGS = (PROJECT / "firmware" / "SETTINGS.md").read_text(encoding="utf-8")


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        # `lights` is a tuple of tables.
        held = (field.annotation, *get_args(field.annotation))
        tables = [kind for kind in held if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if tables:
            yield from settings(tables[0], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_has_a_row() -> None:
    missing = [name for name in settings(Config) if f"| `{name}` |" not in SETTINGS]
    assert not missing


def test_every_row_is_a_setting() -> None:
    rows = [line.split("`")[1] for line in SETTINGS.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(settings(Config))


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str | None]]:
    """Yield each command and subcommand as it is typed, with its line in the parent's --help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {listed.dest: listed.help for listed in action._choices_actions}
            for name, command in action.choices.items():
                yield command.prog, helps.get(name)
                yield from commands(command)


@pytest.mark.parametrize(
    "parser", [cli.command_line(), cloud_cli.command_line()], ids=lambda one: one.prog
)
def test_every_command_is_described_in_a_page_and_in_help(parser: argparse.ArgumentParser) -> None:
    known = dict(commands(parser))
    assert len(known) >= 3, "the walk found the commands"
    assert [command for command, help_ in known.items() if not help_] == []
    files = [PROJECT / "README.md", *PROJECT.glob("firmware/*.md"), *PROJECT.glob("cloud/*.md")]
    pages = "\n".join(page.read_text(encoding="utf-8") for page in files)
    assert [command for command in known if not is_typed(command, pages)] == []


def test_every_command_in_the_cloud_s_readme_can_be_typed_as_it_stands() -> None:
    page = (PROJECT / "cloud" / "README.md").read_text(encoding="utf-8")
    block = page.split("## The command\n\n```\n")[1].split("```")[0]
    typed = [line.split("  ")[0] for line in block.splitlines() if line.startswith("likelight")]
    assert len(typed) > 15
    for command in typed:
        # It ends the test with its words where it does not understand them.
        options = cloud_cli.command_line().parse_args(shlex.split(command)[1:])
        assert callable(options.run), command


def test_every_command_of_the_device_is_in_the_readme() -> None:
    known = [command for command, _ in commands(cli.command_line()) if command.count(" ") == 1]
    assert [command for command in known if not is_typed(command, README)] == []


def test_the_commands_that_install_the_service_put_likelight_where_sudo_finds_it() -> None:
    page = (PROJECT / "systemd" / "README.md").read_text(encoding="utf-8")
    steps = page.split("## By hand")[1].split("```sh\n")[1].split("```")[0].splitlines()
    unit = (PROJECT / "systemd" / "likelight.service").read_text(encoding="utf-8")
    command = unit.split("ExecStart=")[1].split()[0]
    assert f"ln -s {command} /usr/local/bin/" in steps
    assert f"python3 -m venv {Path(command).parents[1]}" in steps


def test_the_readmes_configuration_does_what_its_comments_say_about_a_kit(tmp_path: Path) -> None:
    text = README.split("<!-- config -->\n```toml\n")[1].split("```")[0]
    file = tmp_path / "likelight.toml"
    kit = text.replace("# board =", "board =").replace("# kit =", "kit =")
    file.write_text(kit, encoding="utf-8")
    with pytest.raises(ConfigError, match="remove those tables"):
        read_config(file)
    file.write_text(kit.split("[lights]")[0], encoding="utf-8")
    assert read_config(file).buttons.driver == "gpio"


def is_typed(command: str, text: str) -> bool:
    """Return whether `text` has `command`, and not as the beginning of another word."""
    return re.search(rf"{command}(?![\w-])", text) is not None
