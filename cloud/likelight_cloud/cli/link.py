"""`likelight-cloud link`: a kitchen's page with a moment, for one customer of a brand."""

import argparse
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from likelight.contract import KitchenId, Moment
from likelight.runtime.clock import utc_now
from likelight_cloud.api.viewer.moment_link import LONGEST, moment_link
from likelight_cloud.cli.arguments import minutes_of_link
from likelight_cloud.cli.database import Commands
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.cli.sheet import public_url_option
from likelight_cloud.cli.source import profile_called, profile_option, secret_in


def add_link(commands: Commands, _: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud link`, which needs no database."""
    link = commands.add_parser(
        "link",
        help="print a link to a kitchen's page with a moment, for one customer",
        description="Print a link to a kitchen's page with a moment that only who opens it is "
        "asked about. It is signed with a source's secret, and needs no database.",
    )
    link.add_argument("kid", metavar="KID", help="the kitchen's id")
    link.add_argument(
        "kind",
        choices=[moment.value for moment in Moment],
        metavar="KIND",
        help=f"what happens there: {', '.join(Moment)}",
    )
    link.add_argument(
        "--minutes",
        type=minutes_of_link,
        default=30,
        help=f"how long it is valid, at most {LONGEST // timedelta(minutes=1)} "
        "(default: %(default)s)",
    )
    link.add_argument(
        "--source", required=True, metavar="NAME", help="the signed source whose secret it is"
    )
    link.add_argument(
        "--secret-file",
        required=True,
        metavar="FILE",
        help="a file with the source's secret, or - for the standard input; never an argument, "
        "which every list of processes shows",
    )
    profile_option(link)
    public_url_option(link)
    link.set_defaults(run=_print)


async def _print(options: argparse.Namespace) -> None:
    try:
        kid = TypeAdapter(KitchenId).validate_python(options.kid)
    except ValidationError as error:
        raise CommandError(f"{options.kid} is not a kitchen's id, such as store-17.") from error
    secret = await secret_in(await profile_called(options.profile), options.secret_file)
    expires = utc_now() + timedelta(minutes=options.minutes)
    moment = moment_link(options.source, secret.kept, kid, Moment(options.kind), expires)
    print((options.public_url / "k" / kid).with_query(moment=moment))
