"""Opens what a configuration names. A driver is imported only when it is asked for."""

from likelight_hw.camera.config import CameraConfig
from likelight_hw.camera.parent import Parent
from likelight_hw.camera.pipeline import PaintedPipeline, Pipeline
from likelight_hw.camera.source import Source
from likelight_hw.picture import barcode
from likelight_hw.ports import HardwareError


def open_pipeline(config: CameraConfig, parent: Parent) -> Pipeline:
    """Return the pipeline of the source that `config` names. Raises `HardwareError`."""
    if config.driver == "picamera2":
        from likelight_hw.camera.board_encoder import HardwareCamera, HardwarePipeline
        from likelight_hw.camera.picamera import has_encoder

        if has_encoder():
            return HardwarePipeline(HardwareCamera(config), parent)
    return PaintedPipeline(config, open_source(config), parent)


def open_source(config: CameraConfig) -> Source:
    """Return the source that `config` names. Raises `HardwareError` when it can't be opened."""
    source: Source
    if config.driver == "file":
        from likelight_hw.camera.file import FileSource

        source = FileSource(config)
    elif config.driver == "usb":
        from likelight_hw.camera.usb import UsbSource

        source = UsbSource(config)
    elif config.driver == "picamera2":
        from likelight_hw.camera.picamera import PicameraSource

        source = PicameraSource(config)
    else:
        from likelight_hw.camera.sim import SimSource

        source = SimSource(config)
    needed = barcode.BLOCKS * barcode.edge(source.height)
    if config.barcode and source.width < needed:
        source.close()
        raise HardwareError(
            f"the barcode needs a picture {needed} pixels wide, this one is {source.width}"
        )
    return source
