"""`likelight-cloud operator`: the people who may see, and steer, the fleet."""

import argparse
import json

from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, actions_of, json_option, opened
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.store.operators import Operator, Role, operator_name
from likelight_cloud.trust.device import hashed, new_token


def add_operator(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud operator` and its actions."""
    actions = actions_of(
        commands,
        "operator",
        "the people who look after the kitchens: who may open /fleet",
        "There is none until you add one.",
    )
    add = action(
        actions,
        "add",
        database,
        _add,
        "let somebody open /fleet, and print the token to log in with, once",
        "The cloud keeps a checksum of the token only. For a new token or another role remove the "
        "operator, and add the name again.",
    )
    _name_argument(add)
    add.add_argument(
        "--role",
        choices=[role.value for role in Role],
        required=True,
        help="reader: see how the kitchens are. operator: ask their devices for something, too",
    )
    every = action(actions, "list", database, _list, "print one line for each operator")
    json_option(every)
    remove = action(
        actions,
        "remove",
        database,
        _remove,
        "let somebody open /fleet no more: the token and every session end at once",
    )
    _name_argument(remove)


def _name_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "name",
        metavar="NAME",
        help="up to 64 of a-z, 0-9 and . _ @ + -; with `serve --operator-header` the name that "
        "the proxy gives",
    )


async def _add(options: argparse.Namespace) -> None:
    name, token = _name(options.name), new_token()
    operator = Operator(name, Role(options.role), hashed(token), utc_now())
    async with opened(options) as store:
        if not await store.operators.add(operator):
            raise CommandError(
                f"there is an operator {name} already. For a new token or another role: "
                f"`likelight-cloud operator remove {name}`, then add {name} again."
            )
    print(
        f"{name} may open /fleet as {operator.role}. The token to log in with, shown only now:\n"
        f"{token}"
    )


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        operators = await store.operators.every()
    if options.json:
        print(json.dumps([_facts(one) for one in operators], indent=2))
        return
    width = max((len(one.name) for one in operators), default=0)
    for one in operators:
        print(f"{one.name:{width}}  {one.role}, since {_facts(one)['added_at']}")
    if not operators:
        print("There is no operator. Add one: `likelight-cloud operator add NAME --role reader`")


async def _remove(options: argparse.Namespace) -> None:
    name = _name(options.name)
    async with opened(options) as store:
        if not await store.operators.remove(name, utc_now()):
            raise CommandError(
                f"there is no operator {name}. `likelight-cloud operator list` names those there "
                "are."
            )
    print(f"{name} is not an operator any more: token and sessions have ended.")


def _name(text: str) -> str:
    try:
        return operator_name(text)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _facts(operator: Operator) -> dict[str, str]:
    return {
        "name": operator.name,
        "role": operator.role.value,
        "added_at": operator.added_at.isoformat(timespec="seconds"),
    }
