"""`oslearn whatif`: a boot runs again, and one of its messages goes wrong."""

from __future__ import annotations

import logging

import click

HOW = ("lose", "error", "slow", "stop")


@click.command()
@click.argument("step", type=click.IntRange(min=1))
@click.argument("how", metavar="|".join(HOW), type=click.Choice(HOW))
@click.option("--flow", type=click.Choice(["classic", "current"]), default="classic", show_default=True)
def whatif(step: int, how: str, flow: str) -> None:
    """Boot a server in a cloud of its own, and have one STEP of the flow go wrong.

    HOW: lose the message; answer it with an error; let the answer come too late; or stop its receiver, of an
    answer its sender. `oslearn trace classic` and `oslearn trace current` number the steps.
    """
    from oslearn.course.whatif import told, what_if

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # what a broken cloud logs is not for who broke it
    try:
        outcome = what_if(flow, step, how)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="STEP") from None
    finally:
        logging.disable(before)
    click.echo(told(outcome))
