"The command `staria`, also as `python -m staria`: Ctrl-C is answered in one line from the first import on."

import os
import signal


def main() -> None:
    "Import the command line, which takes a moment, and run it."
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else someone wants it ignored, as nohup does
        signal.signal(signal.SIGINT, _leave)
    from staria.app.cli import main as run

    signal.signal(signal.SIGINT, before)
    run()


def _leave(*_) -> None:
    os.write(2, b"staria: stopped before it began\n")
    os._exit(1)


if __name__ == "__main__":
    main()
