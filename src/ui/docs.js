// SPDX-License-Identifier: AGPL-3.0-or-later
// Swagger UI on this server's own description. Without Swagger UI the page stays a link to that.
if (window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    validatorUrl: null, // asks nobody outside
  });
}
