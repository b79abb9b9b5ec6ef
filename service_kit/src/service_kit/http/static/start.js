// The page's own script: a strict Content-Security-Policy allows none inside the HTML.
// Addresses are relative, so that the page also works behind a proxy that adds a prefix.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
