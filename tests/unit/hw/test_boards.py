"""The board files say what is true of the boards, and the kits fit the boards they name."""

import tomllib
from pathlib import Path

import pytest
from gpiozero.pins.pi import PiBoardInfo

from likelight.config.settings import Config, read_config
from likelight.contract import BOARDS, KITS
from likelight_hw import boards

REVISIONS = {"zero-2w": 0x902120, "pi-3b-plus": 0xA020D3, "pi-4": 0xC03114, "pi-5": 0xC04170}
FOLDER = Path(boards.__file__).parent
EACH_KIT_ON_EACH_BOARD = [(kit, board) for kit in boards.kits() for board in boards.kit(kit).boards]


def test_these_are_the_boards_and_kits() -> None:
    assert set(boards.boards()) == set(REVISIONS)
    assert boards.kits() == ("cheap", "reference")
    assert (boards.boards(), boards.kits()) == (BOARDS, KITS)


@pytest.mark.parametrize("key", boards.boards())
def test_the_header_is_the_one_that_gpiozero_knows(key: str) -> None:
    board = boards.board(key)
    header = PiBoardInfo.from_revision(REVISIONS[key]).headers["J8"]
    known = {
        int(pin.name.removeprefix("GPIO")): number
        for number, pin in header.pins.items()
        if pin.name.startswith("GPIO")
    }
    reserved = {gpio: known.pop(gpio) for gpio in board.reserved}
    assert set(reserved.values()) == {27, 28}
    assert board.header == known


@pytest.mark.parametrize("key", boards.boards())
def test_what_a_pin_can_do_is_what_gpiozero_knows(key: str) -> None:
    board = boards.board(key)
    header = PiBoardInfo.from_revision(REVISIONS[key]).headers["J8"]
    for bus, pins in board.buses.items():
        for gpio in pins:
            kind = bus.rstrip("0123456789")
            assert kind in header.pins[board.header[gpio]].interfaces, (bus, gpio)
    able = {
        gpio for gpio, number in board.header.items() if "pwm" in header.pins[number].interfaces
    }
    # gpiozero gives a Pi 5 the functions of a Pi 4; RP1 has its PWM 0 on 14 and 15, too.
    assert set(board.pwm) == able | ({14, 15} if key == "pi-5" else set())


@pytest.mark.parametrize("key", boards.boards())
def test_each_board_can_carry_a_lamp_without_flicker(key: str) -> None:
    board = boards.board(key)
    assert {12, 13} <= set(board.pwm)
    assert all(channel.chip.endswith(".pwm") for channel in board.pwm.values())
    assert board.ws2812_pio == (key == "pi-5")
    assert Config.model_validate({"camera": {"width": board.camera.width, "fps": board.camera.fps}})


@pytest.mark.parametrize(("kit", "board"), EACH_KIT_ON_EACH_BOARD)
def test_a_kit_is_a_complete_configuration(kit: str, board: str, tmp_path: Path) -> None:
    path = tmp_path / "likelight.toml"
    path.write_text(f'board = "{board}"\nkit = "{kit}"\n')
    config = read_config(path)
    wiring = config.wiring
    assert all(lamp.pwm is not None for lamp in wiring.lights if lamp.driver == "sysfs-pwm")
    assert "sim" not in {
        *(lamp.driver for lamp in wiring.lights),
        wiring.indicator.driver,
        wiring.display.driver,
        wiring.thanks.driver,
    }


@pytest.mark.parametrize("key", boards.kits())
def test_a_kit_stays_dark_until_the_daemon_runs(key: str) -> None:
    """BCM2835 and RP1 pull GPIO 0 to 8 up and 9 to 27 down at power-on."""
    settings = tomllib.loads((FOLDER / "kits" / f"{key}.toml").read_text())
    lit = [*(lamp["pin"] for lamp in settings["lights"]), settings["indicator"]["pin"]]
    pressed = [settings["buttons"]["pin_thanks"], settings["buttons"]["pin_privacy"]]
    assert all(pin >= 9 for pin in lit)
    assert all(pin <= 8 for pin in pressed)


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(boards.UnknownName, match="did you mean pi-4"):
        boards.board("pi4")
    with pytest.raises(boards.UnknownName, match="there is: cheap, reference"):
        boards.kit("gold")
