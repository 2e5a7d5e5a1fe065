"""A device forgets its store, and begins as another one's: private, without consent, not paired."""

import asyncio
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from likelight.appreciation.buttons.question import Questions
from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.screens.models import MasksScreen
from likelight.assets.crew_words import ENGLISH
from likelight.cli import boot_volume, serve
from likelight.cli import target as cli_target
from likelight.cli.exits import Exit
from likelight.cli.main import main
from likelight.config.boot_report import BootReport, MasksAsked, write_report
from likelight.config.paired import write_paired
from likelight.config.pairing import keep_refusal
from likelight.config.reset import begin_reset, reset_is_begun
from likelight.config.settings import Config, read_config
from likelight.config.state_dir import held, is_new
from likelight.contract import State
from likelight.daemon import boot_watch
from likelight.daemon.assembly import assemble
from likelight.daemon.boot_watch import BootWatch
from likelight.daemon.listener import device_listener_if_there
from likelight.daemon.prepare import prepare
from likelight.fleet.boot_volume.masks import keep_waiting, waiting
from likelight.fleet.boot_volume.take import Places, Taken, take
from likelight.gate.consent import Consent, read_consent, write_consent
from likelight.runtime.clock import utc_now
from support.waiting import WITHIN_S

OLD = Consent(
    kitchen="0421",
    signed_by="Kim",
    notice="3",
    recorded_at=utc_now().replace(microsecond=0),
    review=date.today(),
)
BOTH = b"reset = another-store\r\nstore = 0422\r\nname = Port\r\ncloud = https://new.example\r\n"


class Store:
    """A device of one store, which has everything that one has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.file = folder / "likelight.toml"
        self.file.write_text(f'state_dir = "{self.state}"\n[cloud]\nurl = "https://old.example"\n')
        self.state.mkdir(mode=0o700)
        write_paired(self.state, "0421", "Harbour")
        write_consent(self.state, OLD)
        (self.state / "token").touch(mode=0o600)
        (self.state / "token").write_text("a-secret-token")
        keep_refusal(self.state, Obstacle.CODE_USED)
        for draft in (".token-5rt", ".token.new-5rt", ".refused-code-5rt", ".selftest.json-5rt"):
            (self.state / draft).write_text("a power cut has left this")

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.state.iterdir())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_the_command_forgets_all_of_a_store_and_refuses_while_it_runs(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["reset", "--for-another-store", "--config", str(store.file)]
    with held(store.state):
        assert main(words) == Exit.UNAVAILABLE
    assert "systemctl stop likelight" in capsys.readouterr().err
    assert (read_consent(store.state), reset_is_begun(store.state)) == (OLD, False)
    with pytest.raises(SystemExit):
        main(["reset", "--config", str(store.file)])
    keep_waiting(store.folder, ())
    assert main(words) == Exit.DONE
    assert waiting(store.folder) is None, "the next crew is not asked about this one's masks"
    assert store.left == ["likelight-reset", "lock"]
    assert not is_new(store.state), "a new one with a simulated camera would begin shared"
    assert read_config(store.file).kitchen.id != "0421"


def test_a_reset_that_was_begun_is_done_before_the_device_starts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = list[Config]()

    def starts(config: Config, *_: object) -> Exit:
        started.append(config)
        return Exit.DONE

    monkeypatch.setattr(serve, "serve", starts)
    begin_reset(read_config(store.file))
    assert main(["run", "--config", str(store.file)]) == Exit.DONE
    assert store.left == ["likelight-reset", "lock"]
    assert [config.kitchen.id == "0421" for config in started] == [False], "read anew"
    with pytest.MonkeyPatch.context() as broken:
        begin_reset(read_config(store.file))
        broken.setattr("likelight.config.reset.finish_reset", raise_full)
        assert main(["run", "--config", str(store.file)]) == Exit.USAGE
    assert len(started) == 1, "with anything of the old store left it does not run"


def test_what_could_not_be_finished_does_not_begin(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = store.state / "token"
    monkeypatch.setattr("os.access", lambda path, _: path != token)
    words = ["reset", "--for-another-store", "--config", str(store.file)]
    assert main(words) == Exit.UNAVAILABLE
    assert "nothing was forgotten" in capsys.readouterr().err
    assert (read_consent(store.state), reset_is_begun(store.state)) == (OLD, False)


def raise_full(_: Config) -> None:
    raise OSError(28, "No space left on device", "/state")


async def test_after_it_the_kitchen_begins_private_also_with_a_simulated_camera(
    store: Store,
) -> None:
    words = ["reset", "--for-another-store", "--config", str(store.file)]
    assert await asyncio.to_thread(main, words) == Exit.DONE
    config = await asyncio.to_thread(lambda: Config(state_dir=store.state))
    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, held(store.state))
        bound = await asyncio.to_thread(device_listener_if_there, config.web)
        if bound is not None:
            stack.callback(bound.close)
        prepared = await asyncio.to_thread(prepare, config, bound)
        async with assemble(config, prepared) as device:
            assert device.on_air.state is State.PRIVATE


async def test_the_file_alone_changes_nothing_and_thanks_agrees(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_watch, "LOOK_AGAIN_S", 0.01)
    asked, began = asyncio.Event(), asyncio.Event()
    answer = store.folder / "agreed"
    config = await asyncio.to_thread(read_config, store.file)
    questions = Questions(asked.set)
    report = store.folder / "run" / "report.json"
    watch = BootWatch(
        report,
        store.folder / "sticks",
        config,
        questions,
        ENGLISH,
        answer,
        on_change=lambda *_: None,
        on_masks=lambda _: None,
        on_agreed=began.set,
    )
    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
        task = group.create_task(watch.run())
        await asyncio.to_thread(write_report, report, BootReport(reset="0422"))
        await asked.wait()
        question = questions.asked
        assert question is not None
        assert question.hold_s == 3.0
        assert not await asyncio.to_thread(reset_is_begun, store.state)
        assert "Hold THANKS for 3 s." in str(question.screen)
        question.agreed()
        await began.wait()
        assert await asyncio.to_thread(reset_is_begun, store.state)
        began.clear()
        masks = MasksAsked(nonce="17", held=(((0, 0), (1, 0), (1, 1)),), asked=())
        asked.clear()
        await asyncio.to_thread(write_report, report, BootReport(masks=masks))
        await asked.wait()
        question = questions.asked
        while question is None or not isinstance(question.screen, MasksScreen):
            asked.clear()
            await asked.wait()
            question = questions.asked
        assert not await asyncio.to_thread(answer.exists)
        question.agreed()
        await began.wait()
        assert await asyncio.to_thread(answer.read_text) == "17"
        asked.clear()
        await asyncio.to_thread(write_report, report, BootReport())
        await asked.wait()
        assert questions.asked is None, "the file asks no more"
        task.cancel()


def test_the_file_s_store_is_taken_once_the_crew_has_agreed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(store.file, store.folder, store.folder / "run" / "report.json")
    device = cli_target.Places(store.file, store.folder / "none", store.folder)
    monkeypatch.setattr(cli_target, "Places", lambda: device)
    text = store.folder / "likelight.txt"
    text.write_bytes(BOTH)
    enrolled = boot_volume._enrolled()
    assert enrolled is not None
    for _ in range(2):
        assert take(store.folder, places, enrolled) == Taken(reset="0422")
    assert (text.read_bytes(), read_config(store.file).kitchen.id) == (BOTH, "0421")
    begin_reset(read_config(store.file))
    assert boot_volume._enrolled() is None
    assert take(store.folder, places, None).changed
    config = read_config(store.file)
    assert (config.kitchen.id, config.cloud.url) == ("0422", "https://new.example")
    assert b"#reset was done\r\n" in text.read_bytes()
