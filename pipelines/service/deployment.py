"""A tuned model, or a checkpoint of it, behind a name that can be asked: a deployment on Azure.

Made by Azure Resource Manager and not by the endpoint of the jobs, through
azure-mgmt-cognitiveservices (Learn, "Deploy a fine-tuned model", read 2026-11-21).
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from pipelines.findings import BadInput, install
from pipelines.service.client import Json
from pipelines.service.endpoint import Endpoint
from pipelines.service.refusals import Refused, cut

MANAGEMENT = "https://management.azure.com"
VERSION = "2025-09-01"  # of azure-mgmt-cognitiveservices 14.1
# What the environment calls them, as Azure's own tools do.
SUBSCRIPTION, GROUP = "AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment: of what, where, and by which name.

    account: the name of the Azure OpenAI or Foundry resource. capacity: thousands of tokens a
    minute. sku: Standard, GlobalStandard or DeveloperTier.
    """

    name: str
    model: str
    subscription: str
    group: str
    account: str
    sku: str = "GlobalStandard"
    capacity: int = 1

    @property
    def body(self) -> Json:
        """The request's body."""
        model = {"format": "OpenAI", "name": self.model, "version": "1"}
        return {
            "sku": {"name": self.sku, "capacity": self.capacity},
            "properties": {"model": model},
        }

    @property
    def request(self) -> Json:
        """The whole request, as it is shown."""
        path = (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/"
            f"Microsoft.CognitiveServices/accounts/{self.account}/deployments/{self.name}"
        )
        return {
            "method": "PUT",
            "url": f"{MANAGEMENT}{path}?api-version={VERSION}",
            "body": self.body,
        }


def account(where: Endpoint) -> str:
    """The resource's name, the first part of its host; BadInput where it is not Azure's."""
    if not where.is_azure:
        raise BadInput(f"{where.url}: OpenAI serves a tuned model by its name; nothing to deploy")
    return (urlsplit(where.url).hostname or "").partition(".")[0]


def required(option: str, given: str | None, name: str, *, shown: bool) -> str:
    """A setting of an option, else of the environment; its name where it is only `shown`."""
    if value := (given or os.environ.get(name, "")).strip() or shown * name:
        return value
    raise BadInput(f"{option}: is not given, nor is {name} set; `az account show` names it")


def client(subscription: str, **more: Any) -> Any:
    """The management client, opened with Entra ID; BadInput where it is not installed."""
    try:
        management = import_module("azure.mgmt.cognitiveservices")
        identity = import_module("azure.identity")
    except ImportError:
        name = "azure-mgmt-cognitiveservices"
        raise BadInput(f"{name} is not installed; {install('deploy')}") from None
    logging.getLogger("azure").addHandler(logging.NullHandler())
    credential = more.pop("credential", None) or identity.DefaultAzureCredential()
    return management.CognitiveServicesManagementClient(
        credential, subscription, api_version=VERSION, **more
    )


def deploy(deployment: Deployment, opened: Any, *, every: float = 10) -> Json:
    """Make a deployment and wait until it is there; what Azure says of it.

    Raises Refused with Azure's words where it will not, BadInput where nobody can be asked.
    """
    errors = import_module("azure.core.exceptions")
    try:
        making = opened.deployments.begin_create_or_update(
            deployment.group,
            deployment.account,
            deployment.name,
            deployment.body,
            polling_interval=every,
        )
        made: Json = making.result().as_dict()
    except errors.ClientAuthenticationError as error:
        reason = cut(str(error).strip().partition("\n")[0])
        raise BadInput(f"Entra ID gives no token ({reason}); run `az login`") from None
    except errors.HttpResponseError as error:
        message = cut(" ".join(str(error.message).split()))
        raise Refused(f"{deployment.name}: Azure answers {error.status_code} {message!r}") from None
    except errors.AzureError as error:
        raise BadInput(f"{MANAGEMENT}: {cut(str(error))}; run it again") from None
    finally:
        opened.close()
    return made
