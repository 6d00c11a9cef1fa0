"""Reports on a run by the code of `port-ocean` as it is published: arguments are the address, the secret and the run.

The framework around that code wants a whole integration; what of it the code for tokens and runs does not use is left out here.
"""

import asyncio
import importlib.util
import sys
import types

import httpx


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__path__ = []
    for key, value in members.items():
        setattr(module, key, value)
    sys.modules[name] = module


def handle_port_status_code(response, should_raise=True, should_log=True):
    if should_raise:
        response.raise_for_status()


package = importlib.util.find_spec("port_ocean").submodule_search_locations[0]


def published(name, path):
    spec = importlib.util.spec_from_file_location(name, f"{package}/{path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class AlreadyAcknowledged(Exception):
    pass


for name in ["port_ocean", "port_ocean.clients", "port_ocean.clients.port", "port_ocean.clients.port.mixins"]:
    stand_in(name)
for name in ["port_ocean.core", "port_ocean.utils", "port_ocean.exceptions"]:
    stand_in(name)
stand_in("port_ocean.clients.port.utils", handle_port_status_code=handle_port_status_code)
stand_in("port_ocean.utils.misc", get_time=__import__("time").time)
stand_in("port_ocean.exceptions.execution_manager", RunAlreadyAcknowledgedError=AlreadyAcknowledged)


class Run:
    @staticmethod
    def parse_obj(run):
        return run


stand_in("port_ocean.core.models", ActionRun=Run)
published("port_ocean.clients.port.types", "clients/port/types.py")
authentication = published("port_ocean.clients.port.authentication", "clients/port/authentication.py")
actions = published("port_ocean.clients.port.mixins.actions", "clients/port/mixins/actions.py")


async def main(address, secret, run):
    async with httpx.AsyncClient(trust_env=False) as client:
        auth = authentication.PortAuthentication(client, "deployer", secret, address, "it", "it", "1.0")
        assert await auth.is_machine_user()
        port = actions.ActionsClientMixin(auth, client)
        started = {"link": "https://ci.acme.example/17", "externalRunId": "gh-17", "statusLabel": "Started"}
        await port.patch_action_run(run, started)
        await port.post_action_run_log(run, "rolling out", status_label="Rolling out")
        found = await port.get_run_by_external_id("gh-17")
        assert found["id"] == run and found["statusLabel"] == "Rolling out", found
        await port.patch_action_run(run, {"status": "SUCCESS", "statusLabel": "Done"})
        assert (await port.get_run_by_external_id("gh-17"))["status"] == "SUCCESS"
        try:
            await port.patch_action_run(run, {"status": "FAILURE"})
        except httpx.HTTPStatusError as error:
            assert error.response.status_code == 422
        else:
            raise AssertionError("the end is final")
    print("reported and found")


asyncio.run(main(*sys.argv[1:]))
