"""Paths of the OpenID provider. Those of the library that this suite has no use for are not served."""

from django.urls import include, path

from user_team.identity.views import documents, oauth, password

_OAUTH = [
    path("authorize/", oauth.AuthorizationView.as_view(), name="authorize"),
    path("token/", oauth.TokenView.as_view(), name="token"),
    path("revoke_token/", oauth.RevokeTokenView.as_view(), name="revoke-token"),
    path("introspect/", oauth.IntrospectTokenView.as_view(), name="introspect"),
    path("userinfo/", oauth.UserInfoView.as_view(), name="user-info"),
    path("logout/", oauth.LogoutView.as_view(), name="rp-initiated-logout"),
]

urlpatterns = [
    path(".well-known/openid-configuration", documents.discovery, name="discovery"),
    path(".well-known/jwks.json", documents.jwks, name="jwks"),
    path("api/token", password.token, name="token"),
    path("api/token/", password.token),
    path("o/sign-in/", oauth.SignInView.as_view(), name="sign-in"),
    path("o/", include((_OAUTH, "oauth2_provider"))),
]
