"""What the process was built with, for routes to ask for."""

from typing import Annotated

from fastapi import Depends, Request

from mayak.kit.resources import Resources


def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


Services = Annotated[Resources, Depends(_resources)]
