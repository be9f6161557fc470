// api/docs/docs.js: the contract shown by Swagger UI, asking nobody but this server.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  showExtensions: true, // who may: x-access, x-scope
  validatorUrl: null, // the picture that would ask a service elsewhere
});
