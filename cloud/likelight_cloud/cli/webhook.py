"""`likelight-cloud webhook`: other systems that get a message of each signal."""

import argparse
import json

from likelight.contract.values import rfc3339
from likelight.runtime.clock import utc_now
from likelight_cloud.cli import arguments
from likelight_cloud.cli.database import Commands, action, actions_of, json_option, opened
from likelight_cloud.cli.errors import CommandError
from likelight_cloud.signals.webhooks.sender import post
from likelight_cloud.signals.webhooks.signature import secret_of, signed_headers
from likelight_cloud.store.base import Store
from likelight_cloud.store.signals import Webhook, new_id


def add_webhook(commands: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud webhook` and its actions."""
    actions = actions_of(
        commands, "webhook", "other systems that are told when a signal begins and ends"
    )
    add = action(
        actions,
        "add",
        database,
        _add,
        "have an address told, and print the secret that signs its messages, once",
    )
    add.add_argument(
        "url",
        type=arguments.webhook_url,
        metavar="URL",
        help="such as https://example.com/likelight: https only, and a public address",
    )
    every = action(
        actions, "list", database, _list, "print one line for each, and why it is off where it is"
    )
    json_option(every)
    test = action(
        actions, "test", database, _test, "send a message now, and print what became of it"
    )
    _id_argument(test)
    webhook_allow_option(test)
    switch_on = action(
        actions,
        "on",
        database,
        _on,
        "have one that was switched off told again, of what begins or ends from now on",
    )
    _id_argument(switch_on)
    remove = action(actions, "remove", database, _remove, "tell an address no more")
    _id_argument(remove)


def webhook_allow_option(command: argparse.ArgumentParser) -> None:
    """Add `--webhook-allow`."""
    command.add_argument(
        "--webhook-allow",
        type=arguments.allowed_network,
        action="append",
        default=[],
        metavar="CIDR",
        help="an address, or a range, of your own network that webhooks may lead to; without it "
        "they lead to public addresses only; may be repeated",
    )


def _id_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", metavar="ID", help="as `webhook list` has it, such as wh_2f6c...")


async def _add(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        webhook = await store.signals.add_webhook(str(options.url), utc_now())
        if webhook is None:
            raise CommandError(
                f"{options.url} is a webhook already: `likelight-cloud webhook list`"
            )
        secret = secret_of(await store.secret(), webhook.id)
    print(f"{webhook.id}\n{secret}")


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        webhooks = await store.signals.webhooks()
    if options.json:
        print(json.dumps([_facts(webhook) for webhook in webhooks], indent=2))
        return
    for webhook in webhooks:
        print(f"{webhook.id}  {webhook.url}  {_words(webhook)}")
    if not webhooks:
        print("There is no webhook.")


def _facts(webhook: Webhook) -> dict[str, str | int | bool | None]:
    since = webhook.failing_since
    return {
        "id": webhook.id,
        "url": webhook.url,
        "added_at": rfc3339(webhook.added_at),
        "on": webhook.off_because is None,
        "off_because": webhook.off_because,
        "failing_since": None if since is None else rfc3339(since),
        "waiting": webhook.waiting,
    }


def _words(webhook: Webhook) -> str:
    if webhook.off_because is not None:
        return f"off: {webhook.off_because}. `likelight-cloud webhook on {webhook.id}`"
    if webhook.failing_since is not None:
        return (
            f"takes nothing since {webhook.failing_since:%Y-%m-%d %H:%M} UTC; messages that wait: "
            f"{webhook.waiting}"
        )
    return "on"


async def _test(options: argparse.Namespace) -> None:
    now = utc_now()
    async with opened(options) as store:
        webhook = await _found(store, options.id)
        secret = secret_of(await store.secret(), webhook.id)
    body = json.dumps({"type": "test", "timestamp": rfc3339(now), "data": {}}).encode()
    headers = signed_headers(secret, new_id("msg"), now, body)
    answer = await post(webhook.url, headers, body, options.webhook_allow)
    if answer.why is not None:
        raise CommandError(f"{webhook.url} has not taken it: {answer.why}")
    print(f"{webhook.url} has taken it.")


async def _on(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        await _found(store, options.id)
        await store.signals.switch_webhook_on(options.id, utc_now())
    print(f"{options.id} is told of what begins or ends from now on.")


async def _remove(options: argparse.Namespace) -> None:
    async with opened(options) as store:
        await _found(store, options.id)
        await store.signals.remove_webhook(options.id, utc_now())
    print(f"{options.id} is told no more.")


async def _found(store: Store, id: str) -> Webhook:
    for webhook in await store.signals.webhooks():
        if webhook.id == id:
            return webhook
    raise CommandError(f"there is no webhook {id}. `likelight-cloud webhook list` names them.")
