"""What the libraries put into the admin and nobody should see or edit there: tokens, codes, secrets."""

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from oauth2_provider.models import AccessToken, Grant, IDToken, RefreshToken

for model in (AccessToken, Grant, IDToken, RefreshToken, StaticDevice, TOTPDevice):
    admin.site.unregister(model)
