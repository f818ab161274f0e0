"""The same machines, repositories and model as the command line's tests have."""

from tests.cli.conftest import machine, parcel, parcel_template, server

__all__ = ["machine", "parcel", "parcel_template", "server"]
