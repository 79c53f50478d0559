"""`/api/v1/oauth/`: the two endpoints of RFC 8628, form-encoded, with the RFC's own errors in place of problems."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from paas.identity import devices
from paas.identity.authentication import address_of
from paas.identity.models import ADMIN, SCOPES
from paas.identity.throttles import AddressThrottle

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class DeviceAuthorizationIn(serializers.Serializer[Any]):
    """A machine asks to sign in."""

    client_id = serializers.CharField(max_length=40, help_text="dougong-cli")
    scope = serializers.CharField(max_length=40, default=ADMIN, help_text=f"{', '.join(SCOPES)}.")
    machine = serializers.CharField(max_length=100, default="", help_text="Its name, shown to who approves.")


class DeviceAuthorizationOut(serializers.Serializer[Any]):
    """Two codes: one to ask with, one to show. Times in seconds."""

    device_code = serializers.CharField()
    user_code = serializers.CharField()
    verification_uri = serializers.CharField()
    verification_uri_complete = serializers.CharField()
    expires_in = serializers.IntegerField()
    interval = serializers.IntegerField()


class DeviceTokenIn(serializers.Serializer[Any]):
    """A machine asks whether it was approved."""

    grant_type = serializers.CharField(max_length=100, help_text=GRANT)
    device_code = serializers.CharField(max_length=100)
    client_id = serializers.CharField(max_length=40)


class DeviceTokenOut(serializers.Serializer[Any]):
    """The token, shown this once; `expires_in` in seconds."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class OAuthErrorOut(serializers.Serializer[Any]):
    """The RFC's form of an error."""

    error = serializers.CharField()
    error_description = serializers.CharField()


class OAuthView(APIView):
    """Forms in, JSON out, nothing kept by anything between."""

    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [FormParser]
    throttle_classes = [AddressThrottle]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Codes and tokens are in no cache."""
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """What a client of the RFC reads; a fault of ours stays a problem."""
        if isinstance(exc, devices.OAuthError):
            status = HTTPStatus.UNAUTHORIZED if exc.error == "invalid_client" else HTTPStatus.BAD_REQUEST
            return _error(exc.error, exc.description, status)
        if isinstance(exc, Throttled):
            answer = _error("slow_down", "Too many requests from this address.", HTTPStatus.TOO_MANY_REQUESTS)
            answer["Retry-After"] = str(int(getattr(exc, "wait", None) or 1))
            return answer
        if isinstance(exc, ValidationError) and isinstance(exc.detail, dict):
            return _error("invalid_request", f"Wrong or missing: {', '.join(exc.detail)}.", HTTPStatus.BAD_REQUEST)
        if isinstance(exc, APIException):
            return _error("invalid_request", str(exc.detail), exc.status_code)
        return super().handle_exception(exc)


class DeviceAuthorizationView(OAuthView):
    """Where a machine asks for its codes."""

    throttle_scope = "device"

    @extend_schema(
        operation_id="device_authorization",
        request=DeviceAuthorizationIn,
        responses={200: DeviceAuthorizationOut, 400: OAuthErrorOut, 401: OAuthErrorOut, 429: OAuthErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """A device code to ask with and a user code to show."""
        form = DeviceAuthorizationIn(data=request.data)
        form.is_valid(raise_exception=True)
        begun = devices.begin(**form.validated_data, address=address_of(request))
        page = settings.DOUGONG.public_url.rstrip("/") + reverse("admin:device")
        complete = f"{page}?{urlencode({'code': begun.user_code})}"
        return Response({**asdict(begun), "verification_uri": page, "verification_uri_complete": complete})


class DeviceTokenView(OAuthView):
    """Where it asks until it is approved, declined or too late."""

    throttle_scope = "device-token"

    @extend_schema(
        operation_id="device_token",
        request=DeviceTokenIn,
        responses={200: DeviceTokenOut, 400: OAuthErrorOut, 401: OAuthErrorOut, 429: OAuthErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """The token, once; else why not."""
        form = DeviceTokenIn(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        if said["grant_type"] != GRANT:
            raise devices.OAuthError("unsupported_grant_type", f"Only {GRANT}.")
        got = devices.redeem(client_id=said["client_id"], device_code=said["device_code"])
        body = {"access_token": got.token, "token_type": "Bearer", "expires_in": got.expires_in, "scope": got.scope}
        return Response(body)


def _error(code: str, description: str, status: int) -> Response:
    return Response({"error": code, "error_description": description}, status=status)
