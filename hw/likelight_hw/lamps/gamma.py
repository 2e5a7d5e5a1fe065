"""From perceived brightness to the light that really leaves a lamp.

The eye is not linear: half of the photons look like three quarters of the brightness. Everything
above a driver therefore counts in perceived brightness 0..1, which is CIE lightness L*/100, and
this module turns it into light, once.

Sources: L* of CIE 1976 (L*a*b*, on CIE 1931 luminance Y; ISO/CIE 11664-4), with the exact
constants 216/24389 and 24389/27, which make its two branches meet without the step that the
rounded 0.008856 and 903.3 leave; the sRGB transfer curve and luminance weights of IEC 61966-2-1.
"""

from likelight_hw.ports import LightFrame

_KAPPA = 24389 / 27
_EPSILON = 216 / 24389


def luminance(lightness: float) -> float:
    """Return the relative luminance Y, 0..1, that looks `lightness` (L*/100, 0..1) bright."""
    star = 100 * lightness
    return float(((star + 16) / 116) ** 3) if star > _KAPPA * _EPSILON else star / _KAPPA


def lightness(luminance: float) -> float:
    """Return how bright, L*/100 in 0..1, a relative `luminance` Y in 0..1 looks."""
    if luminance > _EPSILON:
        return float((116 * luminance ** (1 / 3) - 16) / 100)
    return _KAPPA * luminance / 100


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


LINEAR = tuple(_linear(channel) for channel in range(256))
"""Linear light, 0..1, of each sRGB channel value 0..255."""


def duty_cycles(frame: LightFrame) -> tuple[float, float, float]:
    """Return the duty cycles, 0..1, that make red, green and blue emitters show `frame`.

    An LED's light is proportional to its duty cycle, so these are also its linear R, G and B.
    """
    power = luminance(frame.level)
    red, green, blue = frame.rgb
    return power * LINEAR[red], power * LINEAR[green], power * LINEAR[blue]


def relative_luminance(frame: LightFrame) -> float:
    """Return Y, 0..1, of the light of `frame`; 1 is white at full level."""
    red, green, blue = duty_cycles(frame)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
