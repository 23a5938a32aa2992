"""Files that another program writes."""
import contextlib
import os
import pathlib


def content(path):
    """What is in a file once the program that writes it has closed it; None before."""
    path = pathlib.Path(path)
    if not path.exists() or any(is_it(path, entry) for entry in pathlib.Path("/proc").glob("[0-9]*/fd/*")):
        return None
    return path.read_bytes() or None  # Nobody sends nothing: it was looked at just when it was made.


def is_it(path, link):
    with contextlib.suppress(OSError):  # Programs end and close files meanwhile.
        return os.readlink(link) == str(path)
    return False
